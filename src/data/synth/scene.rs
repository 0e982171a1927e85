//! One scene: everything put together, as a function of the stream it is given.

use rand::{Rng, RngExt};

use super::canvas::{Camera, Canvas};
use super::figure::Figure;
use super::sensor::{OVERSAMPLING, Sensor};
use super::street::{Sky, Street};
use super::{Scene, border, ids, traffic};
use crate::data::sample::Size;

/// A scene of that size.
pub(super) fn draw(size: Size, rng: &mut impl Rng) -> Scene {
    let (h, w) = (size.h as usize * OVERSAMPLING, size.w as usize * OVERSAMPLING);
    let (street, sky, sensor) = (Street::plan(rng), Sky::plan(rng), Sensor::plan(rng));
    let mut canvas = Canvas::new(camera(h as f32, w as f32, rng), h, w);
    let fences = border::draw(&mut canvas, &street, rng);
    street.draw_ground(&mut canvas);
    sky.draw(&mut canvas);
    for fence in fences {
        fence.draw(&mut canvas);
    }
    traffic::draw(&mut canvas, &street, rng);
    if rng.random_bool(0.3) {
        own_bonnet(&mut canvas, rng);
    }
    sensor.expose(&canvas, sky.horizon)
}

fn camera(h: f32, w: f32, rng: &mut impl Rng) -> Camera {
    Camera {
        // Wide pictures are the rule; for others, between what either side would ask for.
        focal: rng.random_range(0.42..0.55) * (w + 2.0 * h),
        cx: w * rng.random_range(0.38..0.62),
        cy: h * rng.random_range(0.38..0.5),
        height: rng.random_range(1.3..2.1),
    }
}

/// The bonnet of the car that carries the camera, at the lower edge; no class describes it.
fn own_bonnet(canvas: &mut Canvas, rng: &mut impl Rng) {
    let camera = canvas.camera;
    let z = 0.7;
    let lowest = camera.height - z * (canvas.h as f32 - camera.cy) / camera.focal;
    let middle = z * (canvas.w as f32 / 2.0 - camera.cx) / camera.focal;
    let shows = rng.random_range(0.02..0.07);
    let shade = rng.random_range(0.1..0.5);
    Figure::new(ids::EGO_VEHICLE)
        .disc((0.0, lowest + shows - 1.25), 1.2, [shade; 3])
        .disc((0.0, lowest + shows - 1.2), 1.2, [shade * 1.3; 3])
        .draw(canvas, middle, z);
}
