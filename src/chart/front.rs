//! Which of some networks are worth taking: those that no other beats in both cost and worth.

use super::Point;

/// The places of the points that no other dominates, by rising cost: a point is a cost, of which
/// less is better, and a worth, of which more is better. Of equal points the first counts.
///
/// ```
/// use segc::chart::front;
/// let points = [(2.0, 0.7), (1.0, 0.5), (3.0, 0.6), (4.0, 0.8), (1.0, 0.4)];
/// assert_eq!(front(&points), [1, 0, 3]);
/// ```
#[must_use]
pub fn front(points: &[Point]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    let cheaper = |a: &usize, b: &usize| points[*a].0.total_cmp(&points[*b].0);
    order.sort_by(|a, b| cheaper(a, b).then(points[*b].1.total_cmp(&points[*a].1)).then(a.cmp(b)));
    let mut best = f64::NEG_INFINITY;
    order.retain(|at| {
        let better = points[*at].1 > best;
        best = best.max(points[*at].1);
        better
    });
    order
}
