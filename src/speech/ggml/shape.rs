//! The tensors of a Whisper, as its header describes them.

/// 32 bits a number (`ggml_type`).
const SINGLE: u32 = 0;
/// 16 bits a number.
const HALF: u32 = 1;

/// What the header says of the tensors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Of both halves.
    pub(super) width: u32,
    /// Frequency bands.
    pub(super) bands: u32,
    pub(super) vocabulary: u32,
    /// Positions of the listening half.
    pub(super) sound: u32,
    /// Positions of the writing half.
    pub(super) text: u32,
    pub(super) audio_layers: u32,
    pub(super) text_layers: u32,
    /// The kind of numbers of the large tensors.
    pub(super) weights: u32,
}

impl Shape {
    /// Returns how many tensors there are.
    pub(super) fn tensors(self) -> usize {
        7 + 15 * self.audio_layers as usize + 4 + 24 * self.text_layers as usize
    }

    /// Compares a tensor with what the header says of it; the error says what is wrong.
    pub(super) fn compare(self, name: &str, sizes: [u32; 4], kind: u32) -> Result<(), String> {
        let (expected, numbers) = self.expected(name).ok_or_else(|| format!("{name} is none of its tensors"))?;
        if sizes != expected {
            return Err(format!("{name} is {}, its header says {}", by(sizes), by(expected)));
        }
        if kind != numbers {
            return Err(format!("{name} holds numbers of kind {kind}, its header says {numbers}"));
        }
        Ok(())
    }

    /// Returns the sizes of a tensor and the kind of its numbers; nothing if a Whisper of this shape has none of
    /// that name.
    fn expected(self, name: &str) -> Option<([u32; 4], u32)> {
        let (half, place) = name.split_once('.')?;
        let width = self.width;
        if let Some((layer, part)) = place.strip_prefix("blocks.").and_then(|block| block.split_once('.')) {
            let writes = half == "decoder";
            let layers = if writes { self.text_layers } else { self.audio_layers };
            let known = layer.parse::<u32>().is_ok_and(|layer| layer < layers) && (writes || half == "encoder");
            return if known { self.of_layer(part, writes) } else { None };
        }
        // Convolutions are never smaller than half: they would not fit into the blocks of smaller kinds.
        let convolution = if self.weights == SINGLE { SINGLE } else { HALF };
        Some(match (half, place) {
            ("encoder", "positional_embedding") => ([width, self.sound, 1, 1], SINGLE),
            ("decoder", "positional_embedding") => ([width, self.text, 1, 1], SINGLE),
            ("decoder", "token_embedding.weight") => ([width, self.vocabulary, 1, 1], self.weights),
            ("encoder", "conv1.weight") => ([3, self.bands, width, 1], convolution),
            ("encoder", "conv2.weight") => ([3, width, width, 1], convolution),
            ("encoder", "conv1.bias" | "conv2.bias") => ([1, width, 1, 1], SINGLE),
            ("encoder", "ln_post.weight" | "ln_post.bias") | ("decoder", "ln.weight" | "ln.bias") => {
                ([width, 1, 1, 1], SINGLE)
            }
            _ => return None,
        })
    }

    /// The same of a tensor of a layer; only the layers that write look at what was heard.
    fn of_layer(self, part: &str, writes: bool) -> Option<([u32; 4], u32)> {
        let (width, weights) = (self.width, self.weights);
        let part = part.strip_prefix("cross_").filter(|part| writes && part.starts_with("attn")).unwrap_or(part);
        Some(match part {
            "attn.query.weight" | "attn.key.weight" | "attn.value.weight" | "attn.out.weight" => {
                ([width, width, 1, 1], weights)
            }
            "mlp.0.weight" => ([width, 4 * width, 1, 1], weights),
            "mlp.2.weight" => ([4 * width, width, 1, 1], weights),
            "mlp.0.bias" => ([4 * width, 1, 1, 1], SINGLE),
            "attn.query.bias" | "attn.value.bias" | "attn.out.bias" | "mlp.2.bias" | "attn_ln.weight"
            | "attn_ln.bias" | "mlp_ln.weight" | "mlp_ln.bias" => ([width, 1, 1, 1], SINGLE),
            _ => return None,
        })
    }
}

/// "192 by 1500": the sizes up to the last that is not one.
fn by(sizes: [u32; 4]) -> String {
    let used = sizes.iter().rposition(|size| *size != 1).map_or(1, |last| last + 1);
    sizes.iter().take(used).map(ToString::to_string).collect::<Vec<_>>().join(" by ")
}
