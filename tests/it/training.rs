//! Trainings as specs describe them, down to the plain data that a run follows.

use crate::support::judge;
use segc::emit::spec;
use segc::search::loss::{ClassWeights, Distance, Grid, Keep, On, Per, Rule, TeacherSpec, Unit};
use segc::search::parts::Owner;
use segc::search::plan::{Length, Optimiser, TrainPlan};
use segc::syntax;

const NET: &str = "
net n(image) {
  node encoder = image > conv(3, 8, stride = 2) > bn > relu
  aux out side = encoder > conv(1, 19)
  out encoder > conv(3, 19)
}
";

fn plan(block: &str) -> TrainPlan {
    let judged = judge("training.seg", None, &format!("{NET}\n{block}"));
    assert!(judged.is_right(), "{}", judged.drawn());
    judged.space.plans.train.get("n").expect("it has one").0.clone()
}

#[test]
fn phases_take_from_the_block_what_they_do_not_give() {
    let plan = plan(
        "train n {
           data     cityscapes(crop = 96x96, batch = 8)
           epochs   10
           weights  sgd(rate = 0.1, momentum = 0.9)
           average  0.99
           seed     4

           phase heads { frozen encoder  loss cross_entropy(on = main) }
           phase { steps 500  weights adam(rate = 1e-3 -> 1e-4 cosine, warm_up = 20)  accumulate 2 }
         }",
    );
    let [heads, rest] = &plan.phases[..] else { panic!("two phases") };
    assert_eq!((heads.name.as_deref(), rest.name.as_deref()), (Some("heads"), None));
    assert_eq!((heads.length, rest.length), (Length::Epochs(10), Length::Steps(500)));
    assert_eq!((heads.accumulate, rest.accumulate, plan.seed), (1, 2, 4));
    assert!(matches!(heads.weights[0].rule, Optimiser::Sgd(_)));
    assert!(matches!(rest.weights[0].rule, Optimiser::Adam(_)));
    // The warm-up rises by a twentieth of the rate in each step, to where the schedule begins.
    let rates = [0, 9, 19, 20].map(|step| rest.weights[0].rate(step, 500));
    assert_eq!(rates, [5e-5, 5e-4, 1e-3, 1e-3]);
    assert_eq!(heads.owner("encoder.conv"), Owner::Frozen);
    assert_eq!(rest.owner("encoder.conv"), Owner::Mover(0));
    assert_eq!(heads.average.map(|average| average.decay), Some(0.99));
    assert_eq!((&heads.loss.terms[0].on, &rest.loss.terms[0].on), (&On::Main, &On::All));
    assert_eq!(heads.data, rest.data);
}

#[test]
fn a_loss_is_read_term_by_term() {
    let plan = plan(
        "train n {
           data     cityscapes(batch = 8)
           epochs   10
           weights  sgd(rate = 0.1)
           loss     ohem(threshold = 0.6, keep = 100000, on = main, weights = inverse_log(1.02))
                    + 0.4 * ohem(keep = 0.25, on = [side], at = output)
                    + 0.1 * cross_entropy(ignore = 0, per = pixel)
         }",
    );
    let [first, second, third] = &plan.last().loss.terms[..] else { panic!("three terms") };
    assert_eq!([first.factor, second.factor, third.factor], [1.0, 0.4, 0.1]);
    assert_eq!(second.on, On::Named(vec!["side".into()]));
    assert_eq!((first.at, second.at), (Grid::Labels, Grid::Output));
    let [Rule::Pixels(first), Rule::Pixels(second), Rule::Pixels(third)] =
        [&first.rule, &second.rule, &third.rule]
    else {
        panic!("of pixels")
    };
    let hard = first.hard.expect("it mines");
    assert_eq!((hard.threshold, hard.keep), (0.6, Keep::Pixels(100_000)));
    assert_eq!(first.classes, ClassWeights::InverseLog(1.02));
    assert_eq!(second.hard.expect("it mines").keep, Keep::Share(0.25));
    assert_eq!((third.ignore, third.per, third.hard), (0, Per::Pixel, None));
}

#[test]
fn a_teacher_is_a_network_of_the_file_or_a_file() {
    let distill = |how: &str| {
        let block = format!(
            "train n {{
               data     cityscapes(batch = 8)
               epochs   10
               weights  sgd(rate = 0.1)
               loss     cross_entropy() + 0.3 * distill(weights = \"w.safetensors\", {how})
             }}

             const SPEC = \"t.seg\"

             net wide(image) {{ out image > conv(3, 64) > relu > conv(3, 19) }}"
        );
        let term = plan(&block).last().loss.terms[1].clone();
        let Rule::Distill(distill) = term.rule else { panic!("it follows") };
        (term.on, distill)
    };
    let (on, by_net) = distill("from = wide, temperature = 4");
    assert_eq!((on, by_net.from.spec), (On::Main, TeacherSpec::Net("wide".into())));
    assert_eq!(by_net.by, Distance::Divergence { temperature: 4.0 });
    assert_eq!((by_net.per, by_net.from.weights.as_str()), (Unit::Pixel, "w.safetensors"));
    let (on, by_file) = distill("from = SPEC, by = squares, on = aux");
    assert_eq!((on, by_file.from.spec), (On::Aux, TeacherSpec::File("t.seg".into())));
    assert_eq!((by_file.by, by_file.per), (Distance::Squares, Unit::Value));
}

#[test]
fn phases_are_laid_out_as_blocks_with_their_comments() {
    let text = "train n { // how
 data cityscapes(batch = 8)
 epochs 10 weights sgd(rate = 0.1)
 /// The heads alone.
 phase heads { frozen encoder // not yet
 epochs 2 }

 phase { steps 5 } // and all of it
}
";
    let want = "train n {  // how
  data     cityscapes(batch = 8)
  epochs   10
  weights  sgd(rate = 0.1)
  /// The heads alone.
  phase heads {
    frozen  encoder  // not yet
    epochs  2
  }

  phase { steps 5 }  // and all of it
}
";
    let laid = formatted(text);
    assert_eq!(laid, want);
    assert_eq!(formatted(&laid), laid);
}

fn formatted(text: &str) -> String {
    let judged = judge("training.seg", None, &format!("{NET}\n{text}"));
    assert!(judged.is_right(), "{}", judged.drawn());
    let printed = syntax::print(&judged.program.modules[0].ast);
    printed.split_once("\n\n").expect("the network comes first").1.to_owned()
}

#[test]
fn what_is_written_for_a_member_keeps_its_teacher_and_nothing_that_parts_are_named_like() {
    let text = "
cell body(x) { out x > conv(3, 8) > choose { relu  sigmoid } }

net main(image) { out image > body > conv(3, 19) }

net wide(image) { out image > conv(3, 64) > relu > conv(3, 19) }

const RATE = 0.1

train main {
  data     cityscapes(batch = 8)
  epochs   10
  weights  sgd(rate = RATE, on = body), adam(rate = 0.01)
  loss     cross_entropy(on = main) + distill(from = wide, weights = \"w.safetensors\")
}
";
    let judged = judge("training.seg", None, text);
    assert!(judged.is_right(), "{}", judged.drawn());
    let binding = segc::ir::Binding(vec![segc::ir::decision::Value::One(1)]);
    let written = spec::text(&judged.program, &judged.space, &binding, "main", &[]);
    let again = judge("written.seg", None, &written);
    assert!(again.is_right(), "{written}\n{}", again.drawn());
    assert!(again.space.decisions().is_empty(), "{written}");
    assert_eq!(again.space.nets.keys().collect::<Vec<_>>(), ["main", "wide"], "{written}");
    assert_eq!(again.space.plans.train["main"].0, judged.space.plans.train["main"].0);
}
