//! Which reading of a rating is meant: a learnt weight for every sign of [`super::readings`].
//!
//! The tensors `ratings.*` stand in the file of the n-gram model. Where they are missing the rules
//! of this directory read alone. Made by `models/sentiment/train/ratings.py`.

use safetensors::{Dtype, SafeTensors};

use super::readings::{Reading, Stated};

/// A loaded chooser.
#[derive(Debug)]
pub(in crate::tagging) struct Chooser {
    /// Signs in order, each with its weight; a sign that is not there speaks for nothing.
    weights: Vec<(u32, i8)>,
    step: f32,
}

impl Chooser {
    /// Reads the tensors `ratings.*` of a file.
    pub(in crate::tagging) fn read(tensors: &SafeTensors) -> Result<Chooser, String> {
        let bytes = |name: &str, kind: Dtype| match tensors.tensor(name) {
            Ok(tensor) if tensor.dtype() == kind => Ok(tensor.data()),
            Ok(tensor) => Err(format!("{name} is {:?}, but {kind:?} is needed", tensor.dtype())),
            Err(error) => Err(format!("{name}: {error:?}")),
        };
        let (signs, _) = bytes("ratings.sign", Dtype::U32)?.as_chunks::<4>();
        let weights = bytes("ratings.weight", Dtype::I8)?;
        let (steps, _) = bytes("ratings.step", Dtype::F32)?.as_chunks::<4>();
        let [step] = steps else { return Err("ratings.step is not one number".to_owned()) };
        let step = f32::from_le_bytes(*step);
        if signs.len() != weights.len() || !step.is_finite() {
            return Err(format!("ratings: {} signs with {} weights and step {step}", signs.len(), weights.len()));
        }
        let weights: Vec<(u32, i8)> =
            signs.iter().map(|sign| u32::from_le_bytes(*sign)).zip(weights.iter().map(|w| w.cast_signed())).collect();
        if !weights.is_sorted_by_key(|(sign, _)| *sign) {
            return Err("ratings.sign is out of order".to_owned());
        }
        Ok(Chooser { weights, step })
    }

    /// Returns the likeliest reading; several that come to the same speak for each other.
    pub(super) fn choose<'r>(&self, readings: &'r [Reading]) -> Option<&'r Reading> {
        let weights: Vec<f32> = readings.iter().map(|reading| self.weight(&reading.signs)).collect();
        let highest = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let likely = |stated: Stated| -> f32 {
            let same = readings.iter().zip(&weights).filter(|(reading, _)| reading.stated == stated);
            same.map(|(_, weight)| (weight - highest).exp()).sum()
        };
        readings.iter().max_by(|a, b| likely(a.stated).total_cmp(&likely(b.stated)))
    }

    fn weight(&self, signs: &[u32]) -> f32 {
        let known = |sign: &u32| self.weights.binary_search_by_key(sign, |(known, _)| *known).ok();
        let weights = signs.iter().filter_map(known).filter_map(|place| self.weights.get(place));
        weights.map(|(_, weight)| i32::from(*weight)).sum::<i32>() as f32 * self.step
    }
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::TensorView;

    use super::*;

    fn file(signs: &[u32], weights: &[u8], step: f32) -> Vec<u8> {
        let signs: Vec<u8> = signs.iter().flat_map(|sign| sign.to_le_bytes()).collect();
        let step = step.to_le_bytes();
        let view = |kind, length, bytes| TensorView::new(kind, vec![length], bytes).expect("a tensor");
        let tensors = [
            ("ratings.sign", view(Dtype::U32, signs.len() / 4, signs.as_slice())),
            ("ratings.weight", view(Dtype::I8, weights.len(), weights)),
            ("ratings.step", view(Dtype::F32, 1, step.as_slice())),
        ];
        safetensors::serialize(tensors, &None).expect("a file")
    }

    fn read(bytes: &[u8]) -> Result<Chooser, String> {
        Chooser::read(&SafeTensors::deserialize(bytes).expect("a file"))
    }

    fn reading(score: Option<f64>, signs: &[u32]) -> Reading {
        Reading { stated: Stated { score, ..Stated::default() }, mark: None, signs: signs.to_vec() }
    }

    #[test]
    fn readings_that_come_to_the_same_speak_for_each_other() {
        let chooser = read(&file(&[7, 8, 9], &[10, 10, 13], 0.1)).expect("a chooser");
        let two = [reading(Some(4.0), &[7]), reading(Some(4.0), &[8]), reading(Some(5.0), &[9, 1_000])];
        assert_eq!(chooser.choose(&two).expect("one").stated.score, Some(4.0));
        assert_eq!(chooser.choose(&two[1..]).expect("one").stated.score, Some(5.0));
        assert!(chooser.choose(&[]).is_none());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let fault = |bytes: &[u8]| read(bytes).expect_err("a fault");
        assert_eq!(fault(&file(&[7, 8], &[1], 0.1)), "ratings: 2 signs with 1 weights and step 0.1");
        assert_eq!(fault(&file(&[7], &[1], f32::NAN)), "ratings: 1 signs with 1 weights and step NaN");
        assert_eq!(fault(&file(&[8, 7], &[1, 1], 0.1)), "ratings.sign is out of order");
    }
}
