//! How a network looks at images, as the command line says it; and what is said when it cannot.

use super::run_ended;
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
/// `remedy` is what the command offers against sizes of images.
pub(super) fn unseen(error: RunError, views: &Views, remedy: &str) -> Failure {
    match error {
        RunError::Misfit { size, ref problem } => {
            let of_window = views.window.is_some_and(|window| window.size == size);
            let remedy = if of_window { "give such a `--window`" } else { remedy };
            let near: Vec<String> = problem.near().iter().map(ToString::to_string).collect();
            let would = match near.as_slice() {
                [] => "no size nearby would do".to_string(),
                near => format!("{} would do", near.join(" or ")),
            };
            Failure::with_help(error.to_string(), format!("{would}: {remedy}"))
        }
        error => run_ended(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(window: Option<Size>, stride: Option<Size>) -> Looking {
        Looking { scales: vec![1.0], flip: false, window, stride }
    }

    #[test]
    fn windows_move_by_half_of_themselves_and_never_by_more_than_all() {
        let size = |h, w| Size { h, w };
        assert_eq!(views(&asked(None, None)).expect("plain"), Views::default());
        let half = views(&asked(Some(size(5, 8)), None)).expect("a window").window;
        assert_eq!(half.map(|window| window.stride), Some(size(3, 4)));
        assert!(views(&asked(Some(size(5, 8)), Some(size(5, 8)))).is_ok());
        let gaps =
            views(&asked(Some(size(5, 8)), Some(size(6, 8)))).expect_err("rows are left out");
        assert!(gaps.to_string().contains("moves by 6x8"), "{gaps}");
    }
}
