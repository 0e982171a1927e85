//! Class lists and palettes, and the street-scene label table.
//!
//! Source of the table: `cityscapesscripts/helpers/labels.py` of the dataset's authors.

/// What a pixel with no class holds, in maps of train ids. It never counts in a loss or a score.
pub const IGNORE: u8 = 255;

/// Number of classes that Cityscapes evaluates: train ids are below it.
pub const EVALUATED: u8 = 19;

/// A colour for people to look at.
pub type Rgb8 = [u8; 3];

/// One class as training sees it: its train id is its place in the [`Palette`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Class {
    /// The name in reports.
    pub name: &'static str,
    /// The colour in pictures.
    pub colour: Rgb8,
}

/// The classes of a dataset, in the order of their train ids.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Palette {
    classes: Vec<Class>,
}

impl Palette {
    /// A palette whose train ids are the positions in `classes`; at most 255, since 255 is ignored.
    #[must_use]
    pub fn new(classes: Vec<Class>) -> Option<Self> {
        (classes.len() <= usize::from(IGNORE)).then_some(Self { classes })
    }

    /// The 19 classes that Cityscapes evaluates.
    #[must_use]
    pub fn cityscapes() -> Self {
        let mut evaluated: Vec<&Label> =
            CITYSCAPES.iter().filter(|label| label.train_id != IGNORE).collect();
        evaluated.sort_by_key(|label| label.train_id);
        let class = |label: &Label| Class { name: label.name, colour: label.colour };
        Self { classes: evaluated.into_iter().map(class).collect() }
    }

    /// A palette of classes that are known by number only; at most 255. Colours are far apart for
    /// near numbers: the number's bits, from the lowest on, are the highest of red, green and blue
    /// in turn, as in the development kit of PASCAL VOC, which leaves black to the background.
    ///
    /// ```
    /// let palette = segc::data::classes::Palette::numbered(4).expect("few");
    /// assert_eq!([0, 1, 2, 3].map(|id| palette.colour(id)),
    ///            [[128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128]]);
    /// ```
    #[must_use]
    pub fn numbered(count: usize) -> Option<Self> {
        let bit = |n: usize, channel: usize, level: usize| (n >> (3 * level + channel) & 1) as u8;
        let side =
            |n: usize, channel: usize| (0..3).fold(0, |c, l| c | bit(n, channel, l) << (7 - l));
        let colour = |n: usize| [0, 1, 2].map(|channel| side(n, channel));
        let class = |n: usize| Class { name: "class", colour: colour(n) };
        Self::new((1..=count).map(class).collect())
    }

    /// Number of classes, the ignored label not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is no class at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The classes in the order of their train ids.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The name of a train id; `ignored` for what is no class.
    #[must_use]
    pub fn name(&self, train_id: u8) -> &'static str {
        self.classes.get(usize::from(train_id)).map_or("ignored", |class| class.name)
    }

    /// The colour of a train id; black for what is no class.
    #[must_use]
    pub fn colour(&self, train_id: u8) -> Rgb8 {
        self.classes.get(usize::from(train_id)).map_or([0; 3], |class| class.colour)
    }

    /// A picture of a map of train ids, for people.
    #[must_use]
    pub fn paint(&self, labels: &image::GrayImage) -> image::RgbImage {
        let (width, height) = labels.dimensions();
        image::RgbImage::from_fn(width, height, |x, y| {
            image::Rgb(self.colour(labels.get_pixel(x, y).0[0]))
        })
    }
}

/// The group a label belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Borders, the car that carries the camera, loose things.
    Void,
    /// Surfaces one can stand on.
    Flat,
    /// What was built.
    Construction,
    /// Poles, lights, signs.
    Object,
    /// What grows, and the ground it grows on.
    Nature,
    /// The sky.
    Sky,
    /// People, riding or not.
    Human,
    /// What drives.
    Vehicle,
}

impl Category {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Category::Void => "void",
            Category::Flat => "flat",
            Category::Construction => "construction",
            Category::Object => "object",
            Category::Nature => "nature",
            Category::Sky => "sky",
            Category::Human => "human",
            Category::Vehicle => "vehicle",
        }
    }
}

/// A row of the label table: what the annotators drew, and what training makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Label {
    /// The value in `*_labelIds.png`.
    pub id: u8,
    /// The value in `*_labelTrainIds.png`; [`IGNORE`] when the label is not evaluated.
    pub train_id: u8,
    /// The annotators' name.
    pub name: &'static str,
    /// The colour in pictures.
    pub colour: Rgb8,
    /// The group it belongs to.
    pub category: Category,
}

/// A value of `*_labelIds.png` that means "licence plate": -1 in the authors' table, as a byte.
pub const LICENCE_PLATE: u8 = 255;

/// The train id of each value of a `*_labelIds.png`; `None` for values the table does not list.
#[must_use]
pub fn train_id_of(id: u8) -> Option<u8> {
    match id {
        LICENCE_PLATE => Some(IGNORE),
        _ => CITYSCAPES.get(usize::from(id)).map(|label| label.train_id),
    }
}

/// The value of a `*_labelIds.png` for a train id; `None` for what is no class.
#[must_use]
pub fn label_id_of(train_id: u8) -> Option<u8> {
    let label = |of: &&Label| of.train_id == train_id && train_id != IGNORE;
    CITYSCAPES.iter().find(label).map(|label| label.id)
}

const fn label(
    id: u8,
    train_id: u8,
    name: &'static str,
    category: Category,
    colour: Rgb8,
) -> Label {
    Label { id, train_id, name, colour, category }
}

/// The 34 label ids of Cityscapes; a label's id is its place in the table.
pub const CITYSCAPES: [Label; 34] = {
    use Category::{Construction, Flat, Human, Nature, Object, Sky, Vehicle, Void};
    [
        label(0, IGNORE, "unlabeled", Void, [0, 0, 0]),
        label(1, IGNORE, "ego vehicle", Void, [0, 0, 0]),
        label(2, IGNORE, "rectification border", Void, [0, 0, 0]),
        label(3, IGNORE, "out of roi", Void, [0, 0, 0]),
        label(4, IGNORE, "static", Void, [0, 0, 0]),
        label(5, IGNORE, "dynamic", Void, [111, 74, 0]),
        label(6, IGNORE, "ground", Void, [81, 0, 81]),
        label(7, 0, "road", Flat, [128, 64, 128]),
        label(8, 1, "sidewalk", Flat, [244, 35, 232]),
        label(9, IGNORE, "parking", Flat, [250, 170, 160]),
        label(10, IGNORE, "rail track", Flat, [230, 150, 140]),
        label(11, 2, "building", Construction, [70, 70, 70]),
        label(12, 3, "wall", Construction, [102, 102, 156]),
        label(13, 4, "fence", Construction, [190, 153, 153]),
        label(14, IGNORE, "guard rail", Construction, [180, 165, 180]),
        label(15, IGNORE, "bridge", Construction, [150, 100, 100]),
        label(16, IGNORE, "tunnel", Construction, [150, 120, 90]),
        label(17, 5, "pole", Object, [153, 153, 153]),
        label(18, IGNORE, "polegroup", Object, [153, 153, 153]),
        label(19, 6, "traffic light", Object, [250, 170, 30]),
        label(20, 7, "traffic sign", Object, [220, 220, 0]),
        label(21, 8, "vegetation", Nature, [107, 142, 35]),
        label(22, 9, "terrain", Nature, [152, 251, 152]),
        label(23, 10, "sky", Sky, [70, 130, 180]),
        label(24, 11, "person", Human, [220, 20, 60]),
        label(25, 12, "rider", Human, [255, 0, 0]),
        label(26, 13, "car", Vehicle, [0, 0, 142]),
        label(27, 14, "truck", Vehicle, [0, 0, 70]),
        label(28, 15, "bus", Vehicle, [0, 60, 100]),
        label(29, IGNORE, "caravan", Vehicle, [0, 0, 90]),
        label(30, IGNORE, "trailer", Vehicle, [0, 0, 110]),
        label(31, 16, "train", Vehicle, [0, 80, 100]),
        label(32, 17, "motorcycle", Vehicle, [0, 0, 230]),
        label(33, 18, "bicycle", Vehicle, [119, 11, 32]),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_places_and_train_ids_are_0_to_18_once_each() {
        assert!(CITYSCAPES.iter().enumerate().all(|(at, label)| usize::from(label.id) == at));
        let mut train: Vec<u8> =
            CITYSCAPES.iter().map(|l| l.train_id).filter(|&t| t != IGNORE).collect();
        train.sort_unstable();
        assert_eq!(train, (0..19).collect::<Vec<u8>>());
    }

    #[test]
    fn the_palette_follows_the_train_ids() {
        let palette = Palette::cityscapes();
        assert_eq!(palette.len(), 19);
        assert_eq!((palette.name(0), palette.name(18)), ("road", "bicycle"));
        assert_eq!((palette.name(13), palette.colour(13)), ("car", [0, 0, 142]));
        assert_eq!((palette.name(IGNORE), palette.colour(19)), ("ignored", [0, 0, 0]));
    }

    #[test]
    fn label_ids_map_to_train_ids() {
        assert_eq!(train_id_of(7), Some(0));
        assert_eq!(train_id_of(33), Some(18));
        assert_eq!(train_id_of(29), Some(IGNORE));
        assert_eq!(train_id_of(LICENCE_PLATE), Some(IGNORE));
        assert_eq!(train_id_of(34), None);
        for train_id in 0..EVALUATED {
            assert_eq!(label_id_of(train_id).and_then(train_id_of), Some(train_id));
        }
        assert_eq!(label_id_of(IGNORE), None);
    }

    #[test]
    fn numbered_colours_differ_and_none_is_black() {
        let palette = Palette::numbered(255).expect("as many as there are ids");
        let mut colours: Vec<Rgb8> = palette.classes().iter().map(|c| c.colour).collect();
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() == 255 && !colours.contains(&[0; 3]));
        assert!(Palette::numbered(256).is_none());
    }
}
