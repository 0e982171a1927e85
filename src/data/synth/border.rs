//! What borders the street: houses, walls, fences, hedges, gaps; and what closes the view.

use rand::{Rng, RngExt};

use super::canvas::{Canvas, Paint, Span};
use super::street::{Side, Street};
use super::tone::{Rgb, hsv, masonry, mix, scale, smooth, white};
use super::{ids, plants};

/// The face of a house: a grid of windows over a ground floor, under a roof.
#[derive(Debug, Clone, Copy)]
struct Facade {
    plaster: Rgb,
    ground: Rgb,
    roof: Rgb,
    glass: Rgb,
    height: f32,
    eaves: f32,
    /// Distance from window to window, along and up.
    pitch: (f32, f32),
    /// Share of the pitch that is glass, along and up.
    open: (f32, f32),
    shop: bool,
    seed: u32,
}

impl Facade {
    fn plan(rng: &mut impl Rng) -> Self {
        let plaster = masonry(rng);
        let storey = rng.random_range(2.7..3.8);
        let eaves = storey * rng.random_range(1..=6) as f32 + rng.random_range(0.3..1.2);
        let pitched = if rng.random_bool(0.6) { rng.random_range(1.2..3.0) } else { 0.25 };
        let roof_hue = rng.random_range(0.0..0.09);
        Self {
            plaster,
            ground: mix(plaster, masonry(rng), rng.random_range(0.0..1.0)),
            roof: hsv(roof_hue, rng.random_range(0.05..0.55), rng.random_range(0.15..0.5)),
            glass: hsv(0.57, rng.random_range(0.0..0.35), rng.random_range(0.12..0.5)),
            height: eaves + pitched,
            eaves,
            pitch: (rng.random_range(1.5..3.4), storey),
            open: (rng.random_range(0.35..0.75), rng.random_range(0.4..0.65)),
            shop: rng.random_bool(0.4),
            seed: rng.random(),
        }
    }

    /// The colour at `a` metres along the face and `y` above the ground.
    fn at(&self, a: f32, y: f32) -> Rgb {
        let stain = 0.88 + 0.2 * smooth(a * 0.8, y * 0.5, self.seed);
        if y > self.eaves {
            let tile = if (y * 3.0).rem_euclid(1.0) < 0.3 { 0.85 } else { 1.0 };
            return scale(self.roof, tile * stain);
        }
        let (i, j) = ((a / self.pitch.0).floor(), (y / self.pitch.1).floor());
        let (s, t) = (a / self.pitch.0 - i, y / self.pitch.1 - j);
        let ground_floor = j < 0.5;
        let (wide, tall) = match (ground_floor, self.shop) {
            (true, true) => (0.86, 0.7),
            _ => self.open,
        };
        let (ds, dt) = ((s - 0.5).abs() / wide, (t - 0.52).abs() / tall);
        let pane = white(i as i32, j as i32, self.seed);
        match ds.max(dt) {
            d if d < 0.42 => scale(self.glass, 0.5 + pane + 0.3 * t),
            d if d < 0.5 => scale(mix(self.plaster, [0.9; 3], 0.5), stain),
            _ if ground_floor => scale(self.ground, stain),
            _ => scale(self.plaster, stain),
        }
    }

    /// The face towards the street, and the end that looks at the camera.
    fn draw(&self, canvas: &mut Canvas, street: &Street, side: &Side, out: f32, z: Span) {
        let x = side.sign * (side.border() + out);
        let (face, end) = (street.light(-side.sign), street.light(0.0));
        canvas.along(x, z, (0.0, self.height), |z, y| {
            Paint::solid(ids::BUILDING, scale(self.at(z, y), face))
        });
        let away = x + side.sign * 14.0;
        canvas.across(z.0, (x.min(away), x.max(away)), (0.0, self.height), |x, y| {
            Paint::solid(ids::BUILDING, scale(self.at(x, y), end))
        });
    }

    /// A face across the view.
    fn draw_across(&self, canvas: &mut Canvas, light: f32, x: Span, z: f32) {
        canvas.across(z, x, (0.0, self.height), |x, y| {
            Paint::solid(ids::BUILDING, scale(self.at(x, y), light))
        });
    }
}

/// A fence, which is drawn when all that is seen through it has been.
#[derive(Debug, Clone)]
pub(super) struct Fence {
    x: f32,
    z: Span,
    height: f32,
    colour: Rgb,
    /// Distance from bar to bar, and the share of it that a bar takes.
    bars: (f32, f32),
}

/// Draws both borders and the end of the street, the near before the far, so that little is drawn
/// in vain. The fences are left to be drawn.
pub(super) fn draw(canvas: &mut Canvas, street: &Street, rng: &mut impl Rng) -> Vec<Fence> {
    let mut fences = Vec::new();
    for side in &street.sides {
        let mut z = -4.0;
        while z < street.end {
            let length: f32 = rng.random_range(7.0..20.0);
            let corner = street.crossing.filter(|(from, _)| z < *from).map_or(street.end, |c| c.0);
            let to = (z + length).min(corner);
            fences.extend(stretch(canvas, street, side, (z, to), rng));
            z = match street.crossing {
                Some((from, beyond)) if to >= from && to < beyond => beyond,
                _ => to,
            };
        }
    }
    close(canvas, street, rng);
    fences
}

/// One house, wall, hedge or gap, or the fence that is to stand there.
fn stretch(
    canvas: &mut Canvas,
    street: &Street,
    side: &Side,
    z: Span,
    rng: &mut impl Rng,
) -> Option<Fence> {
    let kind = rng.random_range(0..100);
    if kind < 54 {
        let out = rng.random_range(0.0f32..1.0).powi(2) * 2.5;
        Facade::plan(rng).draw(canvas, street, side, out, z);
        return None;
    }
    match kind {
        54..72 => wall(canvas, street, side, z, rng),
        90..95 => plants::hedge(canvas, street, side, (0.0, 1.3), z, rng),
        _ => {}
    }
    backdrop(canvas, street, side, z, rng);
    (72..90).contains(&kind).then(|| Fence::plan(street, side, z, rng))
}

/// What is seen over a wall or through a gap: trees, a wood, or houses set back.
fn backdrop(canvas: &mut Canvas, street: &Street, side: &Side, z: Span, rng: &mut impl Rng) {
    let out = rng.random_range(4.0..16.0);
    match rng.random_range(0..3) {
        0 => Facade::plan(rng).draw(canvas, street, side, out, z),
        1 => plants::hedge(canvas, street, side, (out, rng.random_range(3.0..9.0)), z, rng),
        _ => {}
    }
    for _ in 0..rng.random_range(0..4) {
        let x = side.border() + rng.random_range(1.0..out);
        let at = rng.random_range(z.0..z.1.max(z.0 + 0.1));
        plants::tree(canvas, street, side.sign * x, at, rng);
        plants::bush(canvas, street, side.sign * (x + 1.0), at - 0.5, rng);
    }
}

fn wall(canvas: &mut Canvas, street: &Street, side: &Side, z: Span, rng: &mut impl Rng) {
    let (colour, seed) = (masonry(rng), rng.random());
    let height = rng.random_range(1.1..3.2);
    let bricks = rng.random_bool(0.5);
    let x = side.sign * side.border();
    let light = street.light(-side.sign);
    let shader = |a: f32, y: f32| {
        let row = (y / 0.25).floor();
        let joint = bricks && y / 0.25 - row < 0.15;
        let block = white(((a + row * 0.25) / 0.5).floor() as i32, row as i32, seed) * 0.2;
        let coping = if y > height - 0.15 { 1.2 } else { 1.0 };
        let dirt = smooth(a * 0.7, y, seed) * 0.25;
        let shade = coping * (0.78 + dirt + if bricks { block } else { 0.1 });
        Paint::solid(ids::WALL, scale(colour, light * if joint { 0.7 } else { shade }))
    };
    canvas.along(x, z, (0.0, height), shader);
    let thick = x + side.sign * 0.3;
    canvas.across(z.0, (x.min(thick), x.max(thick)), (0.0, height), shader);
}

impl Fence {
    fn plan(street: &Street, side: &Side, z: Span, rng: &mut impl Rng) -> Self {
        let wood = masonry(rng);
        let iron = [rng.random_range(0.1..0.7); 3];
        let colour = if rng.random_bool(0.5) { wood } else { iron };
        // Bars of iron stand apart, planks of wood nearly touch.
        let kinds = [(0.16, 0.3), (0.3, 0.3), (0.22, 0.75)];
        Self {
            x: side.sign * (side.border() - 0.02),
            z,
            height: rng.random_range(0.9..2.3),
            colour: scale(colour, street.light(-side.sign)),
            bars: kinds[rng.random_range(0..kinds.len())],
        }
    }

    /// Draws it over what stands behind; the gaps have its label too, as annotators do it.
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let Self { x, z, height, colour, bars: (pitch, bar) } = *self;
        canvas.along(x, z, (0.0, height), |z, y| {
            let rail = (y - height * 0.9).abs() < 0.05 || (y - height * 0.2).abs() < 0.05;
            let post = (z / 2.4).rem_euclid(1.0) < 0.05;
            let bar = (z / pitch).rem_euclid(1.0) < bar;
            let cover = if rail || post || bar { 1.0 } else { 0.15 };
            let colour = scale(colour, if post { 0.75 } else { 1.0 });
            Some(Paint { label: ids::FENCE, colour, cover })
        });
    }
}

/// Closes the view: woods far away, houses or trees at the end, corners of the crossing street.
fn close(canvas: &mut Canvas, street: &Street, rng: &mut impl Rng) {
    if let Some((_, beyond)) = street.crossing {
        for side in &street.sides {
            let (a, b) = (side.sign * side.border(), side.sign * 90.0);
            row(canvas, street, (a.min(b), a.max(b)), beyond + 0.5, rng);
        }
    }
    if rng.random_bool(0.7) {
        row(canvas, street, (-120.0, 120.0), street.end, rng);
    } else {
        plants::horizon(canvas, street, street.end, rng);
    }
    plants::horizon(canvas, street, street.end + 120.0, rng);
}

/// A row of houses across the view.
fn row(canvas: &mut Canvas, street: &Street, x: Span, z: f32, rng: &mut impl Rng) {
    let mut from = x.0;
    while from < x.1 {
        let to = from + rng.random_range(7.0..20.0f32);
        Facade::plan(rng).draw_across(canvas, street.light(0.0), (from, to.min(x.1)), z);
        from = to;
    }
}
