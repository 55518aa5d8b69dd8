//! Where in a recording somebody speaks.
//!
//! A recogniser that is shown silence, noise or a ring tone invents a sentence, so it is only ever
//! shown what passes here: at least [`LEAST_SPEECH`] that a small network takes for a voice, loud
//! enough to be one, rising and falling as syllables do, with vowels in it. The last two are there
//! because the network also takes loud white noise and tones around 300 Hz for a voice. Long
//! recordings are cut at their pauses.

use std::ops::Range;

use earshot::Detector;

use super::decode::SAMPLE_RATE;

/// Samples the detector judges at once: 16 ms.
const FRAME: usize = 256;
/// Score from which a frame counts as voice.
const VOICE: f32 = 0.5;
/// Speech in a recording below which nothing is recognised: 200 ms, in frames. 是 and 好 are hardly longer.
const LEAST_SPEECH: usize = SAMPLE_RATE as usize / 5 / FRAME;
/// RMS of the speech (full scale is 1) below which nothing is recognised: −54 dBFS.
const LEAST_LOUDNESS: f32 = 0.002;
/// RMS below which it must be as lively as speech is: −46 dBFS. A room hums more softly than people
/// speak, and those who speak as softly do not hum.
const SOFT: f32 = 0.005;
/// Standard deviation of the frames' level below which it is a machine: 3 dB. Speech has 8 and more,
/// tones, chords, sirens, buzzing and steady noise less than 0.5.
const LEAST_LIVELINESS: f32 = 3.0;
/// The same where it is soft: 8 dB.
const LEAST_LIVELINESS_SOFT: f32 = 8.0;
/// Frames with a vowel below which nothing is recognised: 100 ms. Noise has none, however it swells.
const LEAST_VOWELS: usize = SAMPLE_RATE as usize / 10 / FRAME;
/// Correlation of a frame with itself one glottal period later from which it counts as vowel.
const PERIODIC: f32 = 0.5;
/// Glottal periods of human voices in samples: 400 Hz down to 60 Hz.
const PERIODS: Range<usize> = SAMPLE_RATE as usize / 400..SAMPLE_RATE as usize / 60;
/// Kept on either side of speech: 200 ms.
const MARGIN: usize = SAMPLE_RATE as usize / 5;

/// The speech in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Speech {
    /// Pieces to recognise one by one, in order, as sample ranges that do not overlap.
    pub pieces: Vec<Range<usize>>,
    /// RMS over the frames with voice, full scale is 1.
    pub loudness: f32,
    /// Samples of those frames, pauses and margins apart.
    pub voiced: usize,
}

/// Where to cut.
#[derive(Debug, Clone, Copy)]
pub struct Cutting {
    /// A pause of at least this many samples ends a piece.
    pub pause: usize,
    /// A piece has at most this many samples (margins apart).
    pub longest: usize,
}

/// Finds the speech in a recording (16 kHz mono), or nothing.
pub fn find(samples: &[f32], cutting: Cutting) -> Option<Speech> {
    let voiced = voiced_frames(samples);
    if voiced.len() < LEAST_SPEECH {
        return None;
    }
    let loudness = loudness(samples, &voiced);
    let least_liveliness = if loudness < SOFT { LEAST_LIVELINESS_SOFT } else { LEAST_LIVELINESS };
    if loudness < LEAST_LOUDNESS || liveliness(samples, &voiced) < least_liveliness || !has_vowels(samples, &voiced) {
        return None;
    }
    let runs: Vec<Range<usize>> = cut(&voiced, cutting)
        .into_iter()
        .map(|frames| frames.start * FRAME..(frames.end * FRAME).min(samples.len()))
        .collect();
    Some(Speech { pieces: with_margins(&runs, samples.len()), loudness, voiced: voiced.len() * FRAME })
}

/// Numbers of the frames in which somebody speaks.
fn voiced_frames(samples: &[f32]) -> Vec<usize> {
    let mut detector = Detector::default();
    let mut frame = [0.0; FRAME];
    let mut voiced = Vec::new();
    for (number, chunk) in samples.chunks(FRAME).enumerate() {
        frame.fill(0.0);
        for (to, from) in frame.iter_mut().zip(chunk) {
            *to = *from;
        }
        if detector.predict_f32(&frame) >= VOICE {
            voiced.push(number);
        }
    }
    voiced
}

/// Mean power of each voiced frame.
fn powers<'a>(samples: &'a [f32], voiced: &'a [usize]) -> impl Iterator<Item = f32> + 'a {
    voiced
        .iter()
        .filter_map(|&frame| samples.chunks(FRAME).nth(frame))
        .map(|chunk| chunk.iter().map(|&sample| sample * sample).sum::<f32>() / chunk.len() as f32)
}

/// RMS over the voiced frames.
fn loudness(samples: &[f32], voiced: &[usize]) -> f32 {
    (powers(samples, voiced).sum::<f32>() / voiced.len().max(1) as f32).sqrt()
}

/// Standard deviation of the voiced frames' level in dB.
fn liveliness(samples: &[f32], voiced: &[usize]) -> f32 {
    let levels: Vec<f32> = powers(samples, voiced).map(|power| 10.0 * (power + 1e-9).log10()).collect();
    let count = levels.len().max(1) as f32;
    let mean = levels.iter().sum::<f32>() / count;
    (levels.iter().map(|level| (level - mean).powi(2)).sum::<f32>() / count).sqrt()
}

/// Whether enough of the voiced frames repeat themselves after a glottal period.
fn has_vowels(samples: &[f32], voiced: &[usize]) -> bool {
    let vowels = voiced.iter().filter(|&&frame| {
        let start = frame * FRAME;
        let Some(window) = samples.get(start..start + FRAME) else { return false };
        PERIODS.into_iter().any(|period| {
            let later = samples.get(start + period..start + period + FRAME);
            later.is_some_and(|later| correlation(window, later) >= PERIODIC)
        })
    });
    vowels.take(LEAST_VOWELS).count() >= LEAST_VOWELS
}

/// Normalised correlation, −1…1; silence correlates with nothing.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let (mut product, mut energy_a, mut energy_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        product += x * y;
        energy_a += x * x;
        energy_b += y * y;
    }
    let energy = (energy_a * energy_b).sqrt();
    if energy > 1e-6 { product / energy } else { 0.0 }
}

/// Groups voiced frames into runs: a new one after each long pause, and where a run would grow
/// too long, at the longest pause it has (in its last three quarters, so that pieces stay few).
fn cut(voiced: &[usize], cutting: Cutting) -> Vec<Range<usize>> {
    let (pause, longest) = (cutting.pause.div_ceil(FRAME), (cutting.longest / FRAME).max(1));
    let mut runs = Vec::new();
    for mut rest in voiced.chunk_by(|before, after| after - before <= pause) {
        while let (Some(&first), Some(&last)) = (rest.first(), rest.last()) {
            if last - first < longest {
                runs.push(first..last + 1);
                break;
            }
            let fitting = rest.iter().take_while(|&&frame| frame - first < longest).count();
            let gaps = rest.windows(2).enumerate().take(fitting).skip(fitting / 4);
            let longest_gap =
                gaps.max_by_key(|(_, pair)| pair.iter().rev().copied().reduce(|after, before| after - before));
            let (head, tail) = rest.split_at(longest_gap.map_or(fitting, |(index, _)| index + 1));
            if let (Some(&first), Some(&last)) = (head.first(), head.last()) {
                runs.push(first..last + 1);
            }
            rest = tail;
        }
    }
    runs
}

/// Widens each run by [`MARGIN`], at most to the middle of the pause towards its neighbour.
fn with_margins(runs: &[Range<usize>], end: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::with_capacity(runs.len());
    for (index, run) in runs.iter().enumerate() {
        let floor = index.checked_sub(1).and_then(|i| runs.get(i)).map_or(0, |before| before.end.midpoint(run.start));
        let ceiling = runs.get(index + 1).map_or(end, |after| run.end.midpoint(after.start));
        pieces.push(run.start.saturating_sub(MARGIN).max(floor)..(run.end + MARGIN).min(ceiling));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::decode::{self, Caps};

    const NO_CUT: Cutting = Cutting { pause: usize::MAX, longest: usize::MAX };
    const SECOND: usize = SAMPLE_RATE as usize;

    fn clip(name: &str) -> Vec<f32> {
        let path = format!("{}/tests/fixtures/audio/{name}", env!("CARGO_MANIFEST_DIR"));
        decode::decode(&std::fs::read(path).unwrap(), Caps::default()).unwrap().samples
    }

    fn noise(seconds: usize, level: f32) -> Vec<f32> {
        let mut state = 1_u32;
        (0..seconds * SECOND)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                level * (state as f32 / u32::MAX as f32 * 2.0 - 1.0)
            })
            .collect()
    }

    fn tone(hertz: f32, seconds: usize) -> Vec<f32> {
        (0..seconds * SECOND).map(|i| 0.4 * (i as f32 * hertz * std::f32::consts::TAU / 16_000.0).sin()).collect()
    }

    #[test]
    fn silence_noise_and_tones_hold_no_speech() {
        assert_eq!(find(&[], NO_CUT), None);
        assert_eq!(find(&vec![0.0; 5 * SECOND], NO_CUT), None);
        for level in [0.001, 0.01, 0.1, 0.5, 1.0] {
            assert_eq!(find(&noise(5, level), NO_CUT), None, "noise at {level}");
        }
        for hertz in [50.0, 120.0, 150.0, 200.0, 300.0, 440.0, 450.0, 1_000.0, 2_500.0] {
            assert_eq!(find(&tone(hertz, 5), NO_CUT), None, "{hertz} Hz");
        }
    }

    #[test]
    fn machines_that_swell_or_hum_are_not_taken_for_people() {
        let swelling = |i: usize| 1.0 + 0.8 * (i as f32 * 3.0 * std::f32::consts::TAU / 16_000.0).sin();
        let wind: Vec<f32> = noise(4, 0.3).iter().enumerate().map(|(i, sample)| sample * swelling(i)).collect();
        let knocking: Vec<f32> = noise(4, 0.5)
            .iter()
            .enumerate()
            .map(|(i, sample)| sample * (-((i % 8_000) as f32) / 400.0).exp())
            .collect();
        let buzzing: Vec<f32> = (0..4 * SECOND).map(|i| if (i / 80) % 2 == 0 { 0.3 } else { -0.3 }).collect();
        let chord: Vec<f32> = tone(262.0, 4)
            .iter()
            .zip(tone(330.0, 4))
            .zip(tone(392.0, 4))
            .map(|((a, b), c)| (a + b + c) / 3.0)
            .collect();
        for (name, samples) in [("wind", wind), ("knocking", knocking), ("buzzing", buzzing), ("a chord", chord)] {
            assert_eq!(find(&samples, NO_CUT), None, "{name}");
        }
    }

    #[test]
    fn speech_is_found_between_silences_with_a_margin() {
        let voice = clip("leak.wav");
        let mut samples = vec![0.0; 3 * SECOND];
        samples.extend(&voice);
        samples.extend(vec![0.0; 2 * SECOND]);
        let speech = find(&samples, NO_CUT).unwrap();
        assert_eq!(speech.pieces.len(), 1);
        let piece = speech.pieces[0].clone();
        assert!(piece.start > 2 * SECOND + SECOND / 2 && piece.start <= 3 * SECOND + SECOND / 4, "{piece:?}");
        assert!(piece.end > 3 * SECOND + voice.len() - SECOND, "{piece:?}");
        assert!(piece.end < 3 * SECOND + voice.len() + SECOND / 2, "{piece:?}");
        assert!(speech.voiced > SECOND && speech.voiced <= piece.len(), "{} of {piece:?}", speech.voiced);
    }

    #[test]
    fn a_voice_that_is_barely_there_is_not_taken_for_speech() {
        let faint: Vec<f32> = clip("leak.wav").iter().map(|sample| sample * 0.005).collect();
        assert_eq!(find(&faint, NO_CUT), None);
    }

    #[test]
    fn a_soft_voice_is_heard_where_a_soft_hum_is_not() {
        let voice = clip("leak.wav");
        let level = find(&voice, NO_CUT).unwrap().loudness;
        let soft: Vec<f32> = voice.iter().map(|sample| sample * 0.003 / level).collect();
        assert!(find(&soft, NO_CUT).is_some());
        // A string that hums softly at 220 Hz, swelling and dying by 7 dB: taken for a voice if it were louder.
        let turns = |i: usize| i as f32 * std::f32::consts::TAU / SAMPLE_RATE as f32;
        let hum: Vec<f32> = (0..4 * SECOND)
            .map(|i| {
                let level = 10_f32.powf(7.0 * (2.0 * turns(i)).sin() / 20.0);
                let overtone = |k: u8| (turns(i) * 220.0 * f32::from(k)).sin() / f32::from(k);
                0.002 * level * (1..8).map(overtone).sum::<f32>()
            })
            .collect();
        assert!(voiced_frames(&hum).len() > LEAST_SPEECH, "the detector is deceived");
        assert_eq!(find(&hum, NO_CUT), None);
    }

    #[test]
    fn two_utterances_with_a_pause_are_two_pieces_that_do_not_overlap() {
        let voice = clip("leak.wav");
        let samples = [voice.clone(), vec![0.0; SECOND / 5], voice].concat();
        let speech = find(&samples, Cutting { pause: SECOND / 2, longest: usize::MAX }).unwrap();
        assert_eq!(speech.pieces.len(), 2, "{:?}", speech.pieces);
        assert!(speech.pieces[0].end <= speech.pieces[1].start);
        assert_eq!(find(&samples, NO_CUT).unwrap().pieces.len(), 1);
    }

    #[test]
    fn long_speech_is_cut_at_its_longest_pause() {
        // 10 frames of speech, a breath of 2, 20 of speech, a breath of 4, 30 of speech.
        let voiced: Vec<usize> = (0..10).chain(12..32).chain(36..66).collect();
        let cutting = |longest| Cutting { pause: usize::MAX, longest: longest * FRAME };
        assert_eq!(cut(&voiced, cutting(100)), std::slice::from_ref(&(0..66)));
        assert_eq!(cut(&voiced, cutting(40)), [0..32, 36..66]);
        assert_eq!(cut(&voiced, cutting(30)), [0..10, 12..32, 36..66]);
        let unbroken: Vec<usize> = (0..100).collect();
        let pieces = cut(&unbroken, cutting(30));
        assert!(pieces.iter().all(|piece| piece.len() <= 30));
        assert_eq!(pieces.iter().map(ExactSizeIterator::len).sum::<usize>(), 100);
    }
}
