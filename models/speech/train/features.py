"""Whisper's features: 80 mel bands of a 25 ms window every 10 ms, logarithmic, the range cut to 8 decades below the
loudest. The same as whisper.cpp computes, but for the length of the clip only."""

import numpy as np

from tokens import assets

RATE = 16_000
HOP, WINDOW = 160, 400
FILTERS = np.load(assets() / "mel_filters.npz")["mel_80"].astype(np.float32)
HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def log_mel(samples: np.ndarray) -> tuple[np.ndarray, float]:
    """Returns the frames of a clip (n, 80) and the value that silence has among them."""
    count = len(samples) // HOP
    padded = np.concatenate([samples[1 : WINDOW // 2 + 1][::-1], samples, np.zeros(2 * WINDOW, np.float32)]).astype(np.float32)
    step = padded.strides[0]
    windows = np.lib.stride_tricks.as_strided(padded, (count, WINDOW), (step * HOP, step))
    spectrum = np.fft.rfft(windows * HANN, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    mel = np.log10(np.maximum(power @ FILTERS.T, 1e-10))
    floor = mel.max() - 8.0
    mel = np.maximum(mel, floor)
    return ((mel + 4) / 4).astype(np.float16), float((max(floor, -10.0) + 4) / 4)
