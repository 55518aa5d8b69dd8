// A recording by the browser's MediaRecorder, in whatever format it gives (WebM, OGG or MP4).

const FORMATS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const LONGEST_SECONDS = 120;

/** Minutes and seconds, as a timer shows them. */
export function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Whether this browser, on this page (https or localhost), can record at all. */
export const canRecord = Boolean(window.MediaRecorder && navigator.mediaDevices?.getUserMedia);

/**
 * Starts a recording. Resolves to `{ stop, cancel, result }`: `result` is a promise of a File,
 * or of null when it was cancelled. Rejects when the microphone is refused or missing.
 */
export async function record(onSecond) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
  const recorder = new MediaRecorder(stream, mimeType ? { mimeType, audioBitsPerSecond: 32000 } : {});
  const pieces = [];
  let kept = true;
  let seconds = 0;
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  const timer = setInterval(() => {
    seconds += 1;
    onSecond(seconds);
    if (seconds >= LONGEST_SECONDS) stop();
  }, 1000);
  const result = new Promise((done) => {
    recorder.addEventListener("stop", () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      const type = (recorder.mimeType || "audio/webm").split(";")[0];
      done(kept ? new File(pieces, `voice.${type.split("/")[1]}`, { type }) : null);
    });
  });
  const stop = () => {
    if (recorder.state !== "inactive") recorder.stop();
  };
  const cancel = () => {
    kept = false;
    stop();
  };
  recorder.start();
  return { stop, cancel, result };
}
