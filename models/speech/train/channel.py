"""What happens to a voice on its way: room, microphone, noise, and the codec of the messenger.

The codecs are the real libraries (libopus, libopencore-amrnb), called frame by frame.
"""

import ctypes
import functools
import random

import numpy as np
from scipy.signal import fftconvolve, lfilter, resample_poly

RATE = 16_000
AMR_MODES = (2, 4, 5, 7, 7, 7, 7)  # 5.9, 7.4, 7.95, 12.2 kbit/s
OPUS_RATES = (8_000, 10_000, 12_000, 16_000, 16_000, 24_000, 24_000, 32_000)


class Amr:
    """AMR-NB, 8 kHz."""

    def __init__(self) -> None:
        self.lib = ctypes.CDLL("libopencore-amrnb.so.0")
        self.lib.Encoder_Interface_init.restype = ctypes.c_void_p
        self.lib.Decoder_Interface_init.restype = ctypes.c_void_p

    def there_and_back(self, samples: np.ndarray, mode: int) -> np.ndarray:
        """Encodes and decodes 16-bit samples."""
        lib, frame = self.lib, 160
        encoder, decoder = ctypes.c_void_p(lib.Encoder_Interface_init(0)), ctypes.c_void_p(lib.Decoder_Interface_init())
        padded = np.zeros(-(-len(samples) // frame) * frame, np.int16)
        padded[: len(samples)] = samples
        heard, packet = np.zeros_like(padded), (ctypes.c_ubyte * 64)()
        for at in range(0, len(padded), frame):
            lib.Encoder_Interface_Encode(encoder, mode, ctypes.c_void_p(padded.ctypes.data + 2 * at), packet, 0)
            lib.Decoder_Interface_Decode(decoder, packet, ctypes.c_void_p(heard.ctypes.data + 2 * at), 0)
        lib.Encoder_Interface_exit(encoder)
        lib.Decoder_Interface_exit(decoder)
        return heard[: len(samples)]


class Opus:
    """Opus, 16 kHz mono, 20 ms frames."""

    SET_BITRATE, SET_COMPLEXITY, VOIP = 4002, 4010, 2048

    def __init__(self) -> None:
        self.lib = ctypes.CDLL("libopus.so.0")
        self.lib.opus_encoder_create.restype = ctypes.c_void_p
        self.lib.opus_decoder_create.restype = ctypes.c_void_p

    def there_and_back(self, samples: np.ndarray, bitrate: int) -> np.ndarray:
        """Encodes and decodes 16-bit samples."""
        lib, frame, error = self.lib, 320, ctypes.c_int()
        encoder = ctypes.c_void_p(lib.opus_encoder_create(RATE, 1, self.VOIP, ctypes.byref(error)))
        decoder = ctypes.c_void_p(lib.opus_decoder_create(RATE, 1, ctypes.byref(error)))
        lib.opus_encoder_ctl(encoder, self.SET_BITRATE, ctypes.c_int(bitrate))
        lib.opus_encoder_ctl(encoder, self.SET_COMPLEXITY, ctypes.c_int(2))
        padded = np.zeros(-(-len(samples) // frame) * frame, np.int16)
        padded[: len(samples)] = samples
        heard, packet = np.zeros_like(padded), (ctypes.c_ubyte * 1500)()
        for at in range(0, len(padded), frame):
            size = lib.opus_encode(encoder, ctypes.c_void_p(padded.ctypes.data + 2 * at), frame, packet, 1500)
            lib.opus_decode(decoder, packet, size, ctypes.c_void_p(heard.ctypes.data + 2 * at), frame, 0)
        lib.opus_encoder_destroy(encoder)
        lib.opus_decoder_destroy(decoder)
        return heard[: len(samples)]


@functools.cache
def _codec(kind: type):
    return kind()


def to_16_bit(samples: np.ndarray) -> np.ndarray:
    """Rounds samples (full scale 1) to 16 bits."""
    return np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)


def transmit(samples: np.ndarray, kind: str, dice: random.Random) -> np.ndarray:
    """Sends samples through `amr`, `opus` or `clean` (16 bits, nothing else)."""
    if kind == "amr":
        heard = _codec(Amr).there_and_back(to_16_bit(resample_poly(samples, 1, 2)), dice.choice(AMR_MODES))
        return resample_poly(heard.astype(np.float32) / 32768, 2, 1)[: len(samples)].astype(np.float32)
    if kind == "opus":
        return _codec(Opus).there_and_back(to_16_bit(samples), dice.choice(OPUS_RATES)).astype(np.float32) / 32768
    return to_16_bit(samples).astype(np.float32) / 32768


def noise(count: int, dice: random.Random, normal: np.random.Generator) -> np.ndarray:
    """White, coloured, swelling or humming noise of power 1."""
    sound, which = normal.standard_normal(count).astype(np.float32), dice.random()
    if which < 0.45:
        sound = lfilter([1], [1, -dice.uniform(0.7, 0.98)], sound)
    elif which < 0.6:
        sound = sound * (1 + 0.8 * np.sin(2 * np.pi * dice.uniform(0.3, 4) * np.arange(count) / RATE))
    elif which < 0.7:
        hum = dice.choice((50, 60, 100, 120)) * 2 * np.pi * np.arange(count) / RATE
        sound = sound * 0.2 + sum(np.sin(hum * n + dice.uniform(0, 6)) / n for n in range(1, 6))
    return (sound / np.sqrt((sound**2).mean() + 1e-12)).astype(np.float32)


def environment(samples: np.ndarray, dice: random.Random, normal: np.random.Generator, power: float | None = None) -> np.ndarray:
    """Room, microphone, loudness, noise. `power` is the mean square of the speech if silence surrounds it."""
    if dice.random() < 0.35:
        length = int(RATE * dice.uniform(0.04, 0.3))
        tail = normal.standard_normal(length).astype(np.float32) * np.exp(-6.9 * np.arange(length) / length).astype(np.float32)
        tail *= dice.uniform(0.05, 0.5) / np.sqrt((tail**2).sum() + 1e-9)
        tail[0] = 1
        samples = fftconvolve(samples, tail)[: len(samples)].astype(np.float32)
    if dice.random() < 0.3:
        samples = lfilter([1, dice.uniform(-0.35, 0.35)], [1], samples).astype(np.float32)
    gain = 10 ** (dice.uniform(-24, -1) / 20) / (np.abs(samples).max() + 1e-6)
    samples = samples * gain
    if dice.random() < 0.6:
        level = np.sqrt(power) * gain if power else np.sqrt((samples**2).mean())
        samples = samples + noise(len(samples), dice, normal) * level * 10 ** (-dice.uniform(12, 42) / 20)
    return np.clip(samples, -1, 1).astype(np.float32)
