// Makes photos small enough to send from a building site: at most 2048 px, JPEG.

const LONGEST = 2048;
const SMALL_ENOUGH = 1_500_000;

/** Returns a smaller JPEG of a photo, or the file itself where it is small already or cannot be read here. */
export async function shrink(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return file;
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const plain = file.type === "image/jpeg" || file.type === "image/png" || file.type === "image/webp";
  if (scale === 1 && plain && file.size <= SMALL_ENOUGH) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
}
