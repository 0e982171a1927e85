//! How a network looks at images, as the command line says it; and what is said when it cannot.

use super::failed;
use crate::exec::run::RunError;
use crate::exec::views::{Views, Window};
use segc::cli::compute::Looking;
use segc::cli::failure::Failure;
use segc::ir::Size;

/// The views that are asked for.
pub(super) fn views(asked: &Looking) -> Result<Views, Failure> {
    let window = asked.window.map(|size| window(size, asked.stride)).transpose()?;
    Ok(Views { scales: asked.scales.clone(), flip: asked.flip, window })
}

fn window(size: Size, stride: Option<Size>) -> Result<Window, Failure> {
    let half = Size { h: size.h.div_ceil(2), w: size.w.div_ceil(2) };
    let stride = stride.unwrap_or(half);
    if stride.h > size.h || stride.w > size.w {
        return Err(Failure::with_help(
            format!("a window of {size} that moves by {stride} leaves parts of the image out"),
            format!("give a `--stride` of {size} at most"),
        ));
    }
    Ok(Window { size, stride })
}

/// Why a network could not look at images. What is wrong with data or sizes comes with its remedy;
/// `remedy` is what the command offers against sizes.
pub(super) fn unseen(error: RunError, remedy: &str) -> Failure {
    match error {
        RunError::Data(error) => error.into(),
        RunError::Misfit { ref problem, .. } => {
            let near: Vec<String> = problem.near().iter().map(ToString::to_string).collect();
            let would = match near.as_slice() {
                [] => "no size nearby would do".to_string(),
                near => format!("{} would do", near.join(" or ")),
            };
            Failure::with_help(error.to_string(), format!("{would}: {remedy}"))
        }
        error => failed(error),
    }
}
