//! Losses as plain data: a sum of terms, each of which judges some of the outputs.

use serde::{Deserialize, Serialize};

/// The loss of one batch: the sum of its terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// What is added up; at least one.
    pub terms: Vec<Term>,
}

/// One summand: the losses of some outputs, added up and multiplied by a factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// What it counts beside the others.
    pub factor: f64,
    /// The outputs that it judges.
    pub on: On,
    /// The grid on which outputs and labels meet.
    pub at: Grid,
    /// How it judges one output.
    pub rule: Rule,
}

/// Which outputs a term judges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// All of them.
    #[default]
    All,
    /// Those that there are after training too.
    Main,
    /// Those of training only.
    Aux,
    /// These, by name.
    Named(Vec<String>),
}

impl On {
    /// Whether an output is judged, given its name and whether it is auxiliary.
    pub fn takes(&self, name: &str, aux: bool) -> bool {
        match self {
            On::All => true,
            On::Main => !aux,
            On::Aux => aux,
            On::Named(names) => names.iter().any(|n| n == name),
        }
    }
}

/// The grid on which an output is compared with what it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grid {
    /// The labels': outputs are enlarged to it, bilinearly.
    #[default]
    Labels,
    /// The output's own: labels are reduced to it, by the nearest.
    Output,
}

/// How one output is judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// By the labels, pixel by pixel.
    Pixels(Pixels),
    /// By what another network says of the same images.
    Distill(Distill),
}

/// How far an output is from a teacher's: its distance at every pixel, labelled or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distill {
    /// The network that is followed.
    pub from: Teacher,
    /// The distance.
    pub by: Distance,
    /// What the sum of distances is divided by.
    pub per: Unit,
}

/// A finished network that another is trained by. It computes as in evaluation, and does not move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Teacher {
    /// Its spec.
    pub spec: TeacherSpec,
    /// The file of its weights, seen from where the program runs.
    pub weights: String,
}

/// Where a teacher is described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeacherSpec {
    /// A network of the same file.
    Net(String),
    /// A file of its own, seen from where the program runs.
    File(String),
}

/// A distance of logits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// `T^2` times the divergence of the network's probabilities from the teacher's,
    /// `sum p ln(p / q)`, both with their logits divided by the temperature `T` (Hinton et al.,
    /// arXiv 1503.02531, Sec. 2).
    Divergence {
        /// The temperature.
        temperature: f64,
    },
    /// The sum of squared differences of logits.
    Squares,
}

/// What a sum over pixels and classes is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The number of pixels.
    Pixel,
    /// The number of values: of pixels times classes.
    Value,
}

/// The cross entropy of pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pixels {
    /// The label of pixels that do not count.
    pub ignore: u8,
    /// What each class counts.
    pub classes: ClassWeights,
    /// What the sum over pixels is divided by.
    pub per: Per,
    /// Which pixels count, if not all.
    pub hard: Option<Hard>,
}

impl Default for Pixels {
    fn default() -> Self {
        Pixels { ignore: 255, classes: ClassWeights::default(), per: Per::default(), hard: None }
    }
}

/// What the pixels of each class count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All alike.
    #[default]
    Equal,
    /// So much, by class.
    Listed(Vec<f64>),
    /// [`inverse_log`] of each class's share of the labelled pixels, with this offset.
    InverseLog(f64),
}

/// What the weighed sum over pixels is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// The weights of the pixels that count: PyTorch's weighed mean.
    #[default]
    Weight,
    /// The pixels that count and whose weight is not 0: TensorFlow's.
    Pixel,
}

/// Online hard example mining: only pixels that the network is unsure of count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hard {
    /// Pixels count whose class is given at most this probability.
    pub threshold: f64,
    /// The least number of pixels that count: the surest of them set the bound where fewer are
    /// below it.
    pub keep: Keep,
}

/// A number of pixels of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// So many.
    Pixels(u64),
    /// This share of all there are, rounded down.
    Share(f64),
}

impl Keep {
    /// The number, out of so many pixels of a batch.
    ///
    /// ```
    /// use segc::search::loss::Keep;
    /// // 2 x 224 x 448 pixels at a scale of 1/8, one in sixteen.
    /// assert_eq!(Keep::Share(0.0625).of(2 * 28 * 56), 196);
    /// ```
    pub fn of(self, pixels: u64) -> u64 {
        match self {
            Keep::Pixels(n) => n,
            Keep::Share(share) => (share * pixels as f64) as u64,
        }
    }
}

/// The weight of a class that makes up the share `p` of all pixels: `1 / ln(offset + p)`. An offset
/// of 1.02 bounds it between 1.42 and 50.5. Source: Paszke et al., arXiv 1606.02147, Sec. 5.2.
///
/// ```
/// use segc::search::loss::inverse_log;
/// let near = |a: f64, b: f64| (a - b).abs() < 1e-7;
/// assert!(near(inverse_log(1.02, 0.0), 50.4983498) && near(inverse_log(1.02, 0.01), 33.8308701));
/// assert!(near(inverse_log(1.02, 0.1), 8.8238913) && near(inverse_log(1.02, 1.0), 1.4222778));
/// ```
pub fn inverse_log(offset: f64, p: f64) -> f64 {
    1.0 / (offset + p).ln()
}

impl ClassWeights {
    /// By class, given each class's share of the labelled pixels; nothing where all count alike.
    pub fn values(&self, shares: &[f64]) -> Option<Vec<f64>> {
        match self {
            ClassWeights::Equal => None,
            ClassWeights::Listed(weights) => Some(weights.clone()),
            ClassWeights::InverseLog(offset) => {
                Some(shares.iter().map(|p| inverse_log(*offset, *p)).collect())
            }
        }
    }
}

impl Loss {
    /// One term over all outputs.
    pub fn of(pixels: Pixels) -> Self {
        let (on, at) = (On::default(), Grid::default());
        Loss { terms: vec![Term { factor: 1.0, on, at, rule: Rule::Pixels(pixels) }] }
    }

    /// Whether it has to be known how often each class occurs.
    pub fn counts_classes(&self) -> bool {
        let counts = |term: &Term| match &term.rule {
            Rule::Pixels(pixels) => matches!(pixels.classes, ClassWeights::InverseLog(_)),
            Rule::Distill(_) => false,
        };
        self.terms.iter().any(counts)
    }

    /// The teachers that it follows, each once.
    pub fn teachers(&self) -> Vec<&Teacher> {
        let mut all = Vec::new();
        for term in &self.terms {
            if let Rule::Distill(distill) = &term.rule
                && !all.contains(&&distill.from)
            {
                all.push(&distill.from);
            }
        }
        all
    }
}

impl Default for Loss {
    /// The mean cross entropy of every output.
    fn default() -> Self {
        Loss::of(Pixels::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_taken_by_what_they_are_or_by_name() {
        let outputs = [("out", false), ("side", true), ("deep", true)];
        let taken = |on: On| outputs.map(|(name, aux)| on.takes(name, aux));
        assert_eq!(taken(On::All), [true, true, true]);
        assert_eq!(taken(On::Main), [true, false, false]);
        assert_eq!(taken(On::Aux), [false, true, true]);
        assert_eq!(taken(On::Named(vec!["deep".into(), "out".into()])), [true, false, true]);
    }

    #[test]
    fn class_weights_need_counts_only_where_they_say_so() {
        let loss = |classes| Loss::of(Pixels { classes, ..Pixels::default() });
        assert!(!Loss::default().counts_classes());
        assert!(!loss(ClassWeights::Listed(vec![1.0, 2.0])).counts_classes());
        assert!(loss(ClassWeights::InverseLog(1.02)).counts_classes());
        let values = ClassWeights::InverseLog(1.02).values(&[0.0, 1.0]).expect("they differ");
        assert!((values[0] - 50.4983498).abs() < 1e-6 && (values[1] - 1.4222778).abs() < 1e-6);
    }
}
