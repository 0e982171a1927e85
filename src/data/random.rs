//! Where chance comes from: one independent stream per purpose, epoch and sample.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is used for. Two purposes never share numbers, whatever their other coordinates.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// The order of the samples in an epoch.
    Shuffle = 1,
    /// What happens to one sample in one epoch.
    Augment = 2,
    /// Dividing a dataset in two.
    Split = 3,
    /// Drawing a scene to train on.
    TrainScene = 4,
    /// Drawing a scene to judge by.
    ValScene = 5,
}

/// The stream at `(seed, purpose, epoch, index)`.
///
/// The four numbers fill the 32 bytes of the cipher's key, so that no two coordinates collide and
/// no stream depends on how much was drawn from another.
pub(super) fn stream(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, epoch, index]) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn a_stream_depends_on_each_coordinate_and_on_nothing_else() {
        let first = |s, p, e, i| stream(s, p, e, i).random::<u64>();
        let base = first(1, Purpose::Augment, 2, 3);
        assert_eq!(base, first(1, Purpose::Augment, 2, 3));
        for other in [
            first(2, Purpose::Augment, 2, 3),
            first(1, Purpose::Shuffle, 2, 3),
            first(1, Purpose::Augment, 3, 3),
            first(1, Purpose::Augment, 2, 4),
        ] {
            assert_ne!(base, other);
        }
    }
}
