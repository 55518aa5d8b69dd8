//! Any sample rate → 16 kHz, in chunks: memory does not grow with the source's rate.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler};

use super::{DecodeError, SAMPLE_RATE};

/// Frames of source audio handed to the resampler at once.
const CHUNK: usize = 1024;

/// Takes mono samples at one rate and collects them at [`SAMPLE_RATE`].
pub(super) struct To16k {
    rate: u32,
    resampler: Option<Fft<f32>>,
    pending: Vec<f32>,
    taken: u64,
    out: Vec<f32>,
    scratch: Vec<f32>,
}

impl To16k {
    /// Prepares for samples at `rate`.
    ///
    /// # Errors
    /// Rates that no recorder uses (below 4 kHz, above 192 kHz) are refused.
    pub(super) fn new(rate: u32) -> Result<To16k, DecodeError> {
        if !(4_000..=192_000).contains(&rate) {
            return Err(DecodeError::Unsupported(format!("a sample rate of {rate} Hz")));
        }
        let resampler = if rate == SAMPLE_RATE {
            None
        } else {
            Some(Fft::new(rate as usize, SAMPLE_RATE as usize, CHUNK, 1, FixedSync::Input).map_err(refused)?)
        };
        let scratch = vec![0.0; resampler.as_ref().map_or(0, Resampler::output_frames_max)];
        Ok(To16k { rate, resampler, pending: Vec::new(), taken: 0, out: Vec::new(), scratch })
    }

    /// The rate of the samples that are pushed.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// Returns how many samples there are so far, counted at [`SAMPLE_RATE`].
    pub(super) fn samples(&self) -> usize {
        rescaled(self.taken, self.rate)
    }

    /// Adds samples.
    ///
    /// # Errors
    /// Only if the resampler fails, which would be a fault of ours.
    pub(super) fn push(&mut self, samples: &[f32]) -> Result<(), DecodeError> {
        self.taken += samples.len() as u64;
        let Some(resampler) = &mut self.resampler else {
            self.out.extend_from_slice(samples);
            return Ok(());
        };
        self.pending.extend_from_slice(samples);
        let mut rest = self.pending.as_slice();
        while rest.len() >= resampler.input_frames_next() {
            let used = step(resampler, rest, &mut self.scratch, &mut self.out)?;
            rest = rest.get(used..).unwrap_or_default();
        }
        let consumed = self.pending.len() - rest.len();
        self.pending.drain(..consumed);
        Ok(())
    }

    /// Returns everything, without the resampler's own delay.
    ///
    /// # Errors
    /// As for [`To16k::push`].
    pub(super) fn finish(mut self) -> Result<Vec<f32>, DecodeError> {
        let Some(mut resampler) = self.resampler else { return Ok(self.out) };
        let delay = resampler.output_delay();
        let wanted = rescaled(self.taken, self.rate);
        self.pending.resize(resampler.input_frames_next().max(self.pending.len()), 0.0);
        step(&mut resampler, &self.pending, &mut self.scratch, &mut self.out)?;
        while self.out.len() < delay + wanted {
            let silence = vec![0.0; resampler.input_frames_next()];
            step(&mut resampler, &silence, &mut self.scratch, &mut self.out)?;
        }
        self.out.drain(..delay);
        self.out.truncate(wanted);
        // The filter overshoots where a loud recording was cut off flat; what listens takes -1 to 1.
        self.out.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
        Ok(self.out)
    }
}

/// Resamples one chunk; returns how many source frames were used.
fn step(
    resampler: &mut Fft<f32>,
    source: &[f32],
    scratch: &mut [f32],
    out: &mut Vec<f32>,
) -> Result<usize, DecodeError> {
    let input = SequentialSlice::new(source, 1, source.len()).map_err(refused)?;
    let room = scratch.len();
    let mut output = SequentialSlice::new_mut(scratch, 1, room).map_err(refused)?;
    let (used, made) = resampler.process_into_buffer(&input, &mut output, None).map_err(refused)?;
    out.extend_from_slice(scratch.get(..made).unwrap_or_default());
    Ok(used)
}

fn rescaled(samples: u64, rate: u32) -> usize {
    usize::try_from(samples * u64::from(SAMPLE_RATE) / u64::from(rate)).unwrap_or(usize::MAX)
}

fn refused(error: impl std::fmt::Display) -> DecodeError {
    DecodeError::Damaged(format!("resampling failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, hertz: f32) -> Vec<f32> {
        (0..rate * 3 / 2).map(|i| 0.5 * (i as f32 * hertz * std::f32::consts::TAU / rate as f32).sin()).collect()
    }

    #[test]
    fn a_tone_keeps_its_length_its_place_and_its_shape() {
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000] {
            let mut to = To16k::new(rate).unwrap();
            for chunk in sine(rate, 440.0).chunks(333) {
                to.push(chunk).unwrap();
            }
            let out = to.finish().unwrap();
            let expected = sine(16_000, 440.0);
            assert!(out.len().abs_diff(expected.len()) <= 1, "{rate}: {} samples", out.len());
            let middle = 4_000..20_000;
            let worst =
                out[middle.clone()].iter().zip(&expected[middle]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Half a sample of this tone is 0.043: the delay is a whole number of samples.
            assert!(worst < 0.07, "{rate} Hz: off by {worst}");
        }
    }

    #[test]
    fn a_recording_at_full_volume_stays_within_the_scale() {
        let mut to = To16k::new(48_000).unwrap();
        let square: Vec<f32> = (0..48_000).map(|i| if i / 50 % 2 == 0 { 1.0 } else { -1.0 }).collect();
        to.push(&square).unwrap();
        assert!(to.finish().unwrap().iter().all(|sample| (-1.0..=1.0).contains(sample)));
    }

    #[test]
    fn rates_that_no_recorder_uses_are_refused() {
        assert!(To16k::new(0).is_err());
        assert!(To16k::new(3_999).is_err());
        assert!(To16k::new(768_000).is_err());
    }
}
