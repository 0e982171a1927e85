//! Where boxes go: in columns from left to right, so that every wire goes from a column to a later
//! one and none runs across a box.
//!
//! The method is that of layered drawings (Sugiyama et al., 1981): columns by longest path, a lane
//! of its own for whatever passes a column, order by barycenters, heights by least squares.

/// A box to be placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) w: f64,
    pub(super) h: f64,
}

/// A wire from the middle of a box's right side to a place at the left side of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire {
    pub(super) from: usize,
    pub(super) to: usize,
    /// How far below the upper edge it arrives.
    pub(super) port: f64,
}

/// Boxes and wires with their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Upper left corners.
    pub(super) boxes: Vec<(f64, f64)>,
    /// For each wire, the points it goes through: pairs that enter and leave a column, level.
    pub(super) wires: Vec<Vec<(f64, f64)>>,
    pub(super) w: f64,
    pub(super) h: f64,
    /// Left and right sides of the columns.
    columns: Vec<(f64, f64)>,
    /// The height, as columns measure it, of the upper edge.
    top: f64,
}

/// Between columns; wires bend there.
const GAP_X: f64 = 54.0;
/// Between boxes of a column.
const GAP_Y: f64 = 18.0;
/// Between lanes.
const LANE: f64 = 10.0;

/// Something in a column: a box, or a lane of what comes from a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Box(usize),
    Lane(usize),
}

/// A column's items from top to bottom, with the heights of their middles.
type Column = Vec<(Item, f64)>;

/// Places boxes. Wires that close a circle run back below everything.
pub(super) fn place(sizes: &[Size], wires: &[Wire]) -> Layout {
    let onward = onward(sizes.len(), wires);
    let forward: Vec<Wire> =
        wires.iter().zip(&onward).filter(|(_, on)| **on).map(|(w, _)| *w).collect();
    let columns_of = columns(sizes.len(), &forward);
    let mut columns = fill(sizes, &forward, &columns_of);
    order(&mut columns, &forward, &columns_of);
    level(&mut columns, sizes, &forward, &columns_of);
    let mut layout = corners(&columns, sizes);
    run(&mut layout, &columns, sizes, wires, &columns_of);
    layout
}

/// Which wires can all go forward: each that closes no circle with those before it.
fn onward(boxes: usize, wires: &[Wire]) -> Vec<bool> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); boxes];
    let mut onward = Vec::with_capacity(wires.len());
    for wire in wires {
        let mut seen = vec![false; boxes];
        let mut queue = vec![wire.to];
        while let Some(at) = queue.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                queue.extend(&next[at]);
            }
        }
        onward.push(!seen[wire.from]);
        if !seen[wire.from] {
            next[wire.from].push(wire.to);
        }
    }
    onward
}

/// The column of every box: one behind the last of those it reads; what reads nothing stands
/// right before its first reader.
fn columns(boxes: usize, wires: &[Wire]) -> Vec<usize> {
    let mut column = vec![0; boxes];
    for _ in 0..boxes {
        let mut changed = false;
        for wire in wires {
            if column[wire.to] <= column[wire.from] {
                column[wire.to] = column[wire.from] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for i in 0..boxes {
        let reads = wires.iter().any(|w| w.to == i);
        let first = wires.iter().filter(|w| w.from == i).map(|w| column[w.to]).min();
        if let (false, Some(first)) = (reads, first) {
            column[i] = first - 1;
        }
    }
    column
}

fn fill(sizes: &[Size], wires: &[Wire], column_of: &[usize]) -> Vec<Column> {
    let count = column_of.iter().max().map_or(0, |last| last + 1);
    let mut columns: Vec<Column> = vec![Vec::new(); count];
    for i in 0..sizes.len() {
        columns[column_of[i]].push((Item::Box(i), 0.0));
        let last = wires.iter().filter(|w| w.from == i).map(|w| column_of[w.to]).max();
        let passed = last.unwrap_or(0).saturating_sub(column_of[i] + 1);
        for column in columns.iter_mut().skip(column_of[i] + 1).take(passed) {
            column.push((Item::Lane(i), 0.0));
        }
    }
    for column in &mut columns {
        for (at, item) in column.iter_mut().enumerate() {
            item.1 = at as f64;
        }
    }
    columns
}

/// Where a wire from box `from` is met in a column.
fn height(column: &Column, from: usize) -> Option<f64> {
    let here = |item: &Item| *item == Item::Box(from) || *item == Item::Lane(from);
    column.iter().find(|(item, _)| here(item)).map(|(_, y)| *y)
}

/// What an item wants to be level with: in the column before, and in the one behind.
fn neighbours(
    item: Item,
    at: usize,
    columns: &[Column],
    wires: &[Wire],
    column_of: &[usize],
    forward: bool,
) -> Vec<f64> {
    let source = |i: usize| height(&columns[at - 1], i);
    match (item, forward) {
        (Item::Lane(i), true) => source(i).into_iter().collect(),
        (Item::Box(i), true) => {
            wires.iter().filter(|w| w.to == i).filter_map(|w| source(w.from)).collect()
        }
        (Item::Box(i) | Item::Lane(i), false) => {
            let next = &columns[at + 1];
            let lane = next.iter().filter(|(item, _)| *item == Item::Lane(i)).map(|(_, y)| *y);
            let near = wires.iter().filter(|w| w.from == i && column_of[w.to] == at + 1);
            lane.chain(near.filter_map(|w| height(next, w.to))).collect()
        }
    }
}

fn mean(all: &[f64]) -> Option<f64> {
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

const SWEEPS: usize = 12;

/// Sorts every column by the mean place of what its items are joined to, back and forth.
fn order(columns: &mut [Column], wires: &[Wire], column_of: &[usize]) {
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        for at in walk(columns.len(), forward) {
            let mut keyed: Vec<(f64, Item)> = columns[at]
                .iter()
                .map(|(item, y)| {
                    let near = neighbours(*item, at, columns, wires, column_of, forward);
                    (mean(&near).unwrap_or(*y), *item)
                })
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            let ranked = keyed.into_iter().enumerate();
            columns[at] = ranked.map(|(rank, (_, item))| (item, rank as f64)).collect();
        }
    }
}

/// The columns that have a neighbour to look at, in the order of looking.
fn walk(columns: usize, forward: bool) -> Vec<usize> {
    match forward {
        true => (1..columns).collect(),
        false => (0..columns.saturating_sub(1)).rev().collect(),
    }
}

/// Moves items up and down to where their wires run level, as far as their neighbours let them.
fn level(columns: &mut [Column], sizes: &[Size], wires: &[Wire], column_of: &[usize]) {
    for column in columns.iter_mut() {
        let wanted = vec![0.0; column.len()];
        settle(column, &wanted, sizes);
    }
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        for at in walk(columns.len(), forward) {
            let wanted: Vec<f64> = columns[at]
                .iter()
                .map(|(item, y)| {
                    let near = neighbours(*item, at, columns, wires, column_of, forward);
                    mean(&near).unwrap_or(*y)
                })
                .collect();
            settle(&mut columns[at], &wanted, sizes);
        }
    }
}

fn tall(item: Item, sizes: &[Size]) -> f64 {
    match item {
        Item::Box(i) => sizes[i].h + GAP_Y,
        Item::Lane(_) => LANE,
    }
}

/// The heights nearest to the wanted ones (least squares) that keep order and distance: pools of
/// adjacent violators.
fn settle(column: &mut Column, wanted: &[f64], sizes: &[Size]) {
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(column.len());
    // Pools: the sum of what their items want, and how many they are.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (i, (item, _)) in column.iter().enumerate() {
        if i > 0 {
            offset += (tall(column[i - 1].0, sizes) + tall(*item, sizes)) / 2.0;
        }
        offsets.push(offset);
        pools.push((wanted[i] - offset, 1));
        while let [.., (a, n), (b, m)] = pools[..]
            && a / n as f64 > b / m as f64
        {
            pools.truncate(pools.len() - 2);
            pools.push((a + b, n + m));
        }
    }
    let each = pools.iter().flat_map(|(sum, n)| std::iter::repeat_n(sum / *n as f64, *n));
    for ((item, offset), base) in column.iter_mut().zip(offsets).zip(each) {
        item.1 = base + offset;
    }
}

/// The boxes' corners and the size of the whole.
fn corners(columns: &[Column], sizes: &[Size]) -> Layout {
    let all = || columns.iter().flatten();
    let top = all().map(|(item, y)| y - tall(*item, sizes) / 2.0).fold(f64::INFINITY, f64::min);
    let end = all().map(|(item, y)| y + tall(*item, sizes) / 2.0).fold(f64::NEG_INFINITY, f64::max);
    let mut layout = Layout { boxes: vec![(0.0, 0.0); sizes.len()], ..Layout::default() };
    if columns.is_empty() {
        return layout;
    }
    layout.top = top + GAP_Y / 2.0;
    layout.h = (end - top - GAP_Y).max(LANE);
    let mut x = 0.0;
    for column in columns {
        let w = wide(column, sizes);
        for (item, y) in column {
            if let Item::Box(i) = item {
                let size = sizes[*i];
                layout.boxes[*i] = (x + (w - size.w) / 2.0, y - layout.top - size.h / 2.0);
            }
        }
        layout.columns.push((x, x + w));
        x += w + GAP_X;
    }
    layout.w = x - GAP_X;
    layout
}

fn wide(column: &Column, sizes: &[Size]) -> f64 {
    let boxes = column.iter().filter_map(|(item, _)| match item {
        Item::Box(i) => Some(sizes[*i].w),
        Item::Lane(_) => None,
    });
    boxes.fold(0.0, f64::max)
}

/// The points that wires go through.
fn run(
    layout: &mut Layout,
    columns: &[Column],
    sizes: &[Size],
    wires: &[Wire],
    column_of: &[usize],
) {
    let below = layout.h + GAP_Y;
    for wire in wires {
        let ((fx, fy), (tx, ty)) = (layout.boxes[wire.from], layout.boxes[wire.to]);
        let (fx, out) = (fx + sizes[wire.from].w, fy + sizes[wire.from].h / 2.0);
        let (from, to) = (column_of[wire.from], column_of[wire.to]);
        let mut points = vec![(fx, out), (layout.columns[from].1, out)];
        if from < to {
            for (at, column) in columns.iter().enumerate().take(to).skip(from + 1) {
                let y = height(column, wire.from).unwrap_or(layout.top) - layout.top;
                points.extend([(layout.columns[at].0, y), (layout.columns[at].1, y)]);
            }
        } else {
            let (right, left) = (layout.columns[from].1 + GAP_X / 3.0, layout.columns[to].0);
            points.extend([(right, below), (left - GAP_X / 3.0, below)]);
            layout.h = layout.h.max(below + LANE);
        }
        points.extend([(layout.columns[to].0, ty + wire.port), (tx, ty + wire.port)]);
        layout.wires.push(points);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(from: usize, to: usize) -> Wire {
        Wire { from, to, port: 10.0 }
    }

    #[test]
    fn boxes_do_not_overlap_and_wires_run_forward() {
        let sizes = vec![Size { w: 40.0, h: 20.0 }; 7];
        let wires =
            [(0, 2), (1, 2), (1, 3), (0, 3), (2, 4), (0, 4), (3, 5), (1, 6), (5, 6), (4, 6)];
        let wires: Vec<Wire> = wires.iter().map(|(a, b)| wire(*a, *b)).collect();
        let layout = place(&sizes, &wires);
        for (i, a) in layout.boxes.iter().enumerate() {
            for b in &layout.boxes[i + 1..] {
                let apart = (a.0 - b.0).abs() >= 40.0 || (a.1 - b.1).abs() >= 20.0;
                assert!(apart, "{a:?} {b:?}");
            }
            assert!(a.0 >= 0.0 && a.1 >= -1e-9 && a.1 + 20.0 <= layout.h + 1e-9);
        }
        for points in &layout.wires {
            assert!(points.windows(2).all(|two| two[0].0 <= two[1].0));
        }
    }

    #[test]
    fn a_chain_is_level() {
        let sizes =
            [Size { w: 10.0, h: 10.0 }, Size { w: 10.0, h: 30.0 }, Size { w: 10.0, h: 10.0 }];
        let layout = place(&sizes, &[wire(0, 1), wire(1, 2)]);
        let middles: Vec<f64> = (0..3).map(|i| layout.boxes[i].1 + sizes[i].h / 2.0).collect();
        assert_eq!(middles, [15.0; 3]);
    }
}
