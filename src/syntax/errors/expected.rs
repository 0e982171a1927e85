//! What the grammar would have taken, in words.

use crate::diag::did_you_mean;
use crate::syntax::parser::Rule;
use std::fmt;

/// The words that clauses of a path start with.
const CLAUSES: [&str; 6] = ["layers", "scales", "first", "moves", "exits", "weigh"];

/// What would have been taken somewhere.
pub(in crate::syntax) struct Expected {
    /// Whether a value would.
    pub(super) value: bool,
    /// Whether a name would, and no other value.
    pub(super) name: bool,
    words: Vec<&'static str>,
}

impl Expected {
    /// From the rules that were tried.
    pub(super) fn of(rules: &[Rule]) -> Expected {
        let has = |rule| rules.contains(&rule);
        let value = [Rule::expr, Rule::expr_tight, Rule::argument, Rule::int, Rule::scale_list];
        let value = rules.iter().any(|r| value.contains(r));
        let continues = has(Rule::dot) && has(Rule::open_bracket);
        let statement = has(Rule::statement) || has(Rule::node_stmt);
        let names = [Rule::name, Rule::binder, Rule::entry];
        let name = !value && !statement && names.into_iter().any(has);
        let mut words = Vec::new();
        for rule in rules {
            // A value can always go on; that is worth saying only where nothing else is.
            let skipped = continues && may_continue(*rule) || value && *rule == Rule::name;
            let word = if skipped { "" } else { word_for(*rule) };
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        if value && !words.contains(&"a value") {
            words = vec!["a value"];
        }
        if statement {
            words.retain(|w| !matches!(*w, "a name" | "`for`" | "`let`" | "`tap`"));
            words.push("a statement");
            words.dedup();
        }
        if has(Rule::layers_word) {
            words = vec!["a clause"];
        }
        Expected { value, name, words }
    }

    /// What to do where `word` was found; `joinable` says whether it could follow a comma.
    pub(super) fn remedy(&self, word: &str, joinable: bool) -> String {
        let has = |what| self.words.contains(&what);
        match &self.words[..] {
            _ if has("a clause") => match did_you_mean(word, CLAUSES) {
                Some(clause) => format!("did you mean `{clause}`?"),
                None => format!("clauses are `{}`", CLAUSES.join("`, `")),
            },
            ["`}`", "`phase`"] | ["`phase`", "`}`"] => {
                "what holds for all phases stands before the first of them".to_owned()
            }
            _ if has("`per arrow`") => {
                "say what becomes of the arrows: `per arrow x -> …` or `on mix x -> …`".to_string()
            }
            _ if has("`,`") && joinable => format!("put `,` before `{}`", super::shortened(word)),
            _ if has("a statement") => {
                "statements are `let`, `node`, `out`, `tap`, `for` and `name = …`".to_string()
            }
            _ if has("a value") => {
                "values are numbers, names, calls, lists, `choose …`, `match …`".to_string()
            }
            _ if has("a name") => "names begin with a letter or `_`".to_string(),
            [one] if one.starts_with('`') => format!("add {one}"),
            [one, ..] if one.starts_with('`') => format!("add {one}, or what else is expected"),
            _ => "join values with `>`, or begin a declaration on a new line".to_string(),
        }
    }

    /// Whether `=` is all that would have been taken.
    pub(super) fn is_only_eq(&self) -> bool {
        matches!(self.words[..], ["`=`"] | ["`=`", "`[`"])
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.words[..] {
            [] => f.write_str("an operator or the next declaration"),
            [one] => f.write_str(one),
            [most @ .., last] => write!(f, "{} or {last}", most.join(", ")),
        }
    }
}

/// Whether the rule is the one that says what happens to the arrows of a trellis.
pub(in crate::syntax) fn wants_arrow(rules: &[Rule]) -> bool {
    rules.contains(&Rule::arrow_stmt)
}

/// What may stand behind any value.
fn may_continue(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::arrow
            | Rule::dot
            | Rule::open_paren
            | Rule::open_bracket
            | Rule::range_incl
            | Rule::range_excl
            | Rule::eq
    )
}

fn word_for(rule: Rule) -> &'static str {
    match rule {
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::eq => "`=`",
        Rule::fat_arrow => "`=>`",
        Rule::arrow => "`->`",
        Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::open_brace | Rule::body => "`{`",
        Rule::close_brace => "`}`",
        Rule::open_bracket => "`[`",
        Rule::close_bracket => "`]`",
        Rule::name | Rule::any_word | Rule::binder => "a name",
        Rule::module_path => "a module",
        Rule::type_name => "a type",
        Rule::expr | Rule::expr_tight | Rule::argument | Rule::int => "a value",
        Rule::scale_list => "scales such as `/4 /8`",
        Rule::entry => "an entry",
        Rule::of_word => "`of`",
        Rule::in_word => "`in`",
        Rule::along_word => "`along`",
        Rule::at_word => "`at`",
        Rule::at_block => "`at`",
        Rule::by_word => "`by`",
        Rule::arrow_stmt => "`per arrow`",
        Rule::arrow_word => "`arrow`",
        Rule::mix_word => "`mix`",
        Rule::repeats_word => "`repeats`",
        Rule::phase | Rule::phase_word => "`phase`",
        Rule::node_word => "`node`",
        Rule::out_word => "`out`",
        _ => "",
    }
}

/// Words that cannot be names; `grammar/lexical.pest` has them too.
pub(super) fn is_keyword(word: &str) -> bool {
    const WORDS: [&str; 28] = [
        "use", "const", "opset", "op", "trellis", "let", "choose", "match", "else", "node", "out",
        "tied", "slice", "for", "in", "via", "of", "and", "or", "not", "above", "below", "is",
        "true", "false", "it", "absent", "along",
    ];
    WORDS.contains(&word)
}
