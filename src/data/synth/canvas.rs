//! A picture in the making: colour, label, depth and thing of every pixel, and planes drawn into it.
//!
//! Metres everywhere: x to the right, y up from the road, z ahead of the camera. The nearest
//! surface wins whatever the order of drawing; only what is translucent must come last.

use std::ops::Range;

use super::tone::{Rgb, mix};

/// Nothing nearer than this is drawn.
const NEAR: f32 = 0.6;

/// A pinhole camera that looks along the street.
#[derive(Debug, Clone, Copy)]
pub(super) struct Camera {
    /// Focal length in pixels of the canvas.
    pub(super) focal: f32,
    /// Column of the vanishing point.
    pub(super) cx: f32,
    /// Row of the horizon.
    pub(super) cy: f32,
    /// Metres above the road.
    pub(super) height: f32,
}

impl Camera {
    fn column(&self, x: f32, z: f32) -> f32 {
        self.cx + self.focal * x / z
    }

    fn row(&self, y: f32, z: f32) -> f32 {
        self.cy + self.focal * (self.height - y) / z
    }
}

/// What a surface looks like at a point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    /// The label id.
    pub(super) label: u8,
    /// The colour.
    pub(super) colour: Rgb,
    /// How much of it hides what is behind, 0 to 1. The label is the surface's in any case.
    pub(super) cover: f32,
}

impl Paint {
    /// A surface that hides what is behind it.
    pub(super) fn solid(label: u8, colour: Rgb) -> Option<Self> {
        Some(Self { label, colour, cover: 1.0 })
    }
}

/// From low to high, in metres.
pub(super) type Span = (f32, f32);

/// The picture and the camera it is drawn for.
pub(super) struct Canvas {
    pub(super) camera: Camera,
    /// Columns and rows.
    pub(super) w: usize,
    pub(super) h: usize,
    /// Row-major, h x w each.
    pub(super) colour: Vec<Rgb>,
    pub(super) label: Vec<u8>,
    pub(super) depth: Vec<f32>,
    /// Which thing it was: the number that [`Canvas::begin_thing`] had reached.
    pub(super) thing: Vec<u32>,
    things: u32,
}

impl Canvas {
    /// An empty picture of h x w pixels, infinitely deep.
    pub(super) fn new(camera: Camera, h: usize, w: usize) -> Self {
        let n = h * w;
        Self {
            camera,
            w,
            h,
            colour: vec![[0.0; 3]; n],
            label: vec![0; n],
            depth: vec![f32::INFINITY; n],
            thing: vec![0; n],
            things: 0,
        }
    }

    /// What is drawn from here on is another thing than before.
    pub(super) fn begin_thing(&mut self) {
        self.things += 1;
    }

    /// What is infinitely far, wherever nothing has been drawn: `shader` takes the tangents of the
    /// angles right of and above the street.
    pub(super) fn beyond(&mut self, label: u8, shader: impl Fn(f32, f32) -> Rgb) {
        let Camera { focal, cx, cy, .. } = self.camera;
        for at in 0..self.depth.len() {
            if self.depth[at].is_infinite() {
                let (u, v) = ((at % self.w) as f32 + 0.5, (at / self.w) as f32 + 0.5);
                self.colour[at] = shader((u - cx) / focal, ((cy - v) / focal).max(0.0));
                self.label[at] = label;
            }
        }
    }

    /// A plane across the street at depth `z`; `shader` takes x and y.
    pub(super) fn across(
        &mut self,
        z: f32,
        x: Span,
        y: Span,
        shader: impl Fn(f32, f32) -> Option<Paint>,
    ) {
        let camera = self.camera;
        if z < NEAR {
            return;
        }
        let columns = pixels(camera.column(x.0, z), camera.column(x.1, z), self.w);
        let step = z / camera.focal;
        for v in pixels(camera.row(y.1, z), camera.row(y.0, z), self.h) {
            let y = camera.height - (v as f32 + 0.5 - camera.cy) * step;
            for u in columns.clone() {
                let x = (u as f32 + 0.5 - camera.cx) * step;
                self.put(v * self.w + u, z, || shader(x, y));
            }
        }
    }

    /// A plane along the street, `x` metres to the right; `shader` takes z and y.
    pub(super) fn along(
        &mut self,
        x: f32,
        z: Span,
        y: Span,
        shader: impl Fn(f32, f32) -> Option<Paint>,
    ) {
        let camera = self.camera;
        let near = z.0.max(NEAR);
        if near >= z.1 || x.abs() < 1e-3 {
            return;
        }
        let (a, b) = (camera.column(x, near), camera.column(x, z.1));
        for u in pixels(a.min(b), a.max(b), self.w) {
            let z = camera.focal * x / (u as f32 + 0.5 - camera.cx);
            let step = z / camera.focal;
            for v in pixels(camera.row(y.1, z), camera.row(y.0, z), self.h) {
                let y = camera.height - (v as f32 + 0.5 - camera.cy) * step;
                self.put(v * self.w + u, z, || shader(z, y));
            }
        }
    }

    /// A level plane at height `y` below the camera; `shader` takes x and z.
    pub(super) fn level(
        &mut self,
        y: f32,
        x: Span,
        z: Span,
        shader: impl Fn(f32, f32) -> Option<Paint>,
    ) {
        let camera = self.camera;
        let near = z.0.max(NEAR);
        if y >= camera.height || near >= z.1 {
            return;
        }
        for v in pixels(camera.row(y, z.1), camera.row(y, near), self.h) {
            let z = camera.focal * (camera.height - y) / (v as f32 + 0.5 - camera.cy);
            let step = z / camera.focal;
            for u in pixels(camera.column(x.0, z), camera.column(x.1, z), self.w) {
                let x = (u as f32 + 0.5 - camera.cx) * step;
                self.put(v * self.w + u, z, || shader(x, z));
            }
        }
    }

    /// Darkens the ground, as under a car; what stands nearer than the ground stays as it is.
    pub(super) fn shadow(&mut self, x: Span, z: Span, darkness: f32) {
        let middle = ((x.0 + x.1) / 2.0, (z.0 + z.1) / 2.0);
        let half = ((x.1 - x.0) / 2.0, (z.1 - z.0) / 2.0);
        let camera = self.camera;
        for v in pixels(camera.row(0.0, z.1), camera.row(0.0, z.0.max(NEAR)), self.h) {
            let z = camera.focal * camera.height / (v as f32 + 0.5 - camera.cy);
            for u in pixels(camera.column(x.0, z), camera.column(x.1, z), self.w) {
                let at = v * self.w + u;
                let across = (u as f32 + 0.5 - camera.cx) * z / camera.focal;
                let (dx, dz) = ((across - middle.0) / half.0, (z - middle.1) / half.1);
                let inside = (1.5 - 1.5 * (dx * dx).max(dz * dz)).clamp(0.0, 1.0);
                if self.depth[at] >= z * 0.999 {
                    self.colour[at] = mix(self.colour[at], [0.0; 3], darkness * inside);
                }
            }
        }
    }

    fn put(&mut self, at: usize, depth: f32, paint: impl FnOnce() -> Option<Paint>) {
        // A little patience lets feet stand on the ground and signs hang on their poles.
        if depth > self.depth[at] * 1.000_1 {
            return;
        }
        if let Some(Paint { label, colour, cover }) = paint() {
            self.colour[at] = mix(self.colour[at], colour, cover);
            self.label[at] = label;
            self.depth[at] = depth;
            self.thing[at] = self.things;
        }
    }
}

/// The pixels whose centres lie between two coordinates, within a side of `n`.
fn pixels(from: f32, to: f32, n: usize) -> Range<usize> {
    // A float beyond the range of the integer becomes the nearest bound, and NaN becomes 0.
    let edge = |at: f32| ((at - 0.5).ceil() as usize).min(n);
    edge(from)..edge(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> Canvas {
        let camera = Camera { focal: 20.0, cx: 20.0, cy: 10.0, height: 1.5 };
        Canvas::new(camera, 20, 40)
    }

    #[test]
    fn the_nearest_surface_wins_in_any_order() {
        let wall = |canvas: &mut Canvas, z: f32, label: u8| {
            canvas.across(z, (-1.0, 1.0), (0.0, 2.0), |_, _| Paint::solid(label, [0.5; 3]));
        };
        let (mut one, mut two) = (canvas(), canvas());
        for z in [4.0, 9.0] {
            wall(&mut one, z, z as u8);
        }
        for z in [9.0, 4.0] {
            wall(&mut two, z, z as u8);
        }
        assert_eq!((&one.label, one.label[10 * 40 + 20]), (&two.label, 4));
    }

    #[test]
    fn planes_meet_where_they_should() {
        let mut canvas = canvas();
        canvas.level(0.0, (-50.0, 50.0), (1.0, 100.0), |_, _| Paint::solid(7, [0.5; 3]));
        canvas.along(4.0, (1.0, 100.0), (0.0, 3.0), |_, _| Paint::solid(11, [0.5; 3]));
        // At z = 8 the wall stands in column 20 + 20*4/8 and meets the road in row 10 + 20*1.5/8.
        assert_eq!((canvas.label[13 * 40 + 30], canvas.label[14 * 40 + 30]), (11, 7));
        assert!((canvas.depth[13 * 40 + 30] - 7.619).abs() < 0.01);
    }

    #[test]
    fn nothing_is_drawn_behind_the_camera_or_beyond_the_edges() {
        let mut canvas = canvas();
        let red = |_: f32, _: f32| Paint::solid(1, [1.0, 0.0, 0.0]);
        canvas.across(-3.0, (-1.0, 1.0), (0.0, 2.0), red);
        canvas.along(0.0, (1.0, 5.0), (0.0, 2.0), red);
        canvas.level(2.0, (-1.0, 1.0), (1.0, 5.0), red);
        canvas.across(2.0, (90.0, 99.0), (0.0, 2.0), red);
        assert!(canvas.label.iter().all(|&label| label == 0));
    }
}
