"""The published tensors of all ten checkpoints, name -> shape, written from their description.

Not derived from the package's code: tensor names and sizes are those of the checkpoints' own
index files and training code (allenai/molmo, allenai/molmo2).
"""

CLIP = {"width": 1024, "inner": 4096, "layers": 23, "positions": 577, "patch": 588}
SIGLIP2 = {"width": 1152, "inner": 4304, "layers": 25, "positions": 729, "patch": 588}
# 27 layers are declared, the last two are never used and not in the checkpoints of MolmoPoint


def attention(prefix, width, source):
    tensors = {}
    for name in ("wq", "wk", "wv"):
        tensors |= {f"{prefix}.{name}.weight": (width, source), f"{prefix}.{name}.bias": (width,)}
    return tensors | {f"{prefix}.wo.weight": (width, width), f"{prefix}.wo.bias": (width,)}


def vision(prefix, sizes, *, clip):
    width, inner = sizes["width"], sizes["inner"]
    tensors = {
        f"{prefix}.positional_embedding": (sizes["positions"], width),
        f"{prefix}.patch_embedding.weight": (width, sizes["patch"]),
    }
    if clip:
        tensors |= {f"{prefix}.class_embedding": (width,)}
        tensors |= {f"{prefix}.pre_ln.{part}": (width,) for part in ("weight", "bias")}
    else:
        tensors[f"{prefix}.patch_embedding.bias"] = (width,)
    for layer in range(sizes["layers"]):
        block = f"{prefix}.transformer.resblocks.{layer}"
        tensors |= attention(f"{block}.attention", width, width)
        tensors |= {
            f"{block}.feed_forward.w1.weight": (inner, width),
            f"{block}.feed_forward.w1.bias": (inner,),
            f"{block}.feed_forward.w2.weight": (width, inner),
            f"{block}.feed_forward.w2.bias": (width,),
        }
        for norm in ("attention_norm", "ffn_norm"):
            tensors |= {f"{block}.{norm}.{part}": (width,) for part in ("weight", "bias")}
    return tensors


def connector(prefix, sizes, inner, width, *, out_layer=True):
    pooling = attention(f"{prefix}.image_pooling_2d", sizes["width"], 2 * sizes["width"])
    if not out_layer:
        pooling = {name: shape for name, shape in pooling.items() if ".wo." not in name}
    return pooling | {
        f"{prefix}.image_projector.w1.weight": (inner, sizes["width"]),
        f"{prefix}.image_projector.w3.weight": (inner, sizes["width"]),
        f"{prefix}.image_projector.w2.weight": (width, inner),
    }


def embeddings(rows, width):
    return {
        "model.transformer.wte.embedding": (rows, width),
        "model.transformer.wte.new_embedding": (128, width),
        "model.transformer.ln_f.weight": (width,),
    }


def molmo(width, layers, key_value, fused, rows, *, bias=False, norms=False, experts=0, sizes=CLIP):
    """First generation; `key_value` is the width of keys and of values."""
    tensors = embeddings(rows, width)
    tensors |= {"lm_head.weight" if experts else "model.transformer.ff_out.weight": (rows, width)}
    for layer in range(layers):
        block = f"model.transformer.blocks.{layer}"
        inside = f"{block}.attn" if experts else block
        tensors |= {
            f"{inside}.attn_norm.weight": (width,),
            f"{inside}.att_proj.weight": (width + 2 * key_value, width),
            f"{inside}.attn_out.weight": (width, width),
        }
        if bias:
            tensors[f"{inside}.att_proj.bias"] = (width + 2 * key_value,)
        if norms:
            tensors[f"{inside}.q_norm.weight"] = (width,)
            tensors[f"{inside}.k_norm.weight"] = (key_value,)
        if not experts:
            tensors |= {
                f"{block}.ff_norm.weight": (width,),
                f"{block}.ff_proj.weight": (fused, width),
                f"{block}.ff_out.weight": (width, fused // 2),
            }
            continue
        tensors |= {
            f"{block}.mlp.ff_norm.weight": (width,),
            f"{block}.mlp.gate.weight": (experts, width),
        }
        for expert in range(experts):
            one = f"{block}.mlp.experts.{expert}"
            tensors |= {
                f"{one}.gate_proj.weight": (fused // 2, width),
                f"{one}.up_proj.weight": (fused // 2, width),
                f"{one}.down_proj.weight": (width, fused // 2),
            }
    backbone = "model.vision_backbone"
    tensors[f"{backbone}.pad_embed"] = (2, 2 * sizes["width"])
    tensors |= vision(f"{backbone}.image_vit", sizes, clip=True)
    return tensors | connector(backbone, sizes, fused // 2, width)


def newer_decoder(width, layers, heads, key_value_heads, head, inner, rows, *, full_norms):
    """Decoder of Molmo2 and MolmoPoint; `full_norms`: one norm over all heads, not one a head."""
    query, key = heads * head, key_value_heads * head
    tensors = embeddings(rows, width)
    for layer in range(layers):
        block = f"model.transformer.blocks.{layer}"
        tensors |= {
            f"{block}.attn_norm.weight": (width,),
            f"{block}.ff_norm.weight": (width,),
            f"{block}.self_attn.att_proj.weight": (query + 2 * key, width),
            f"{block}.self_attn.attn_out.weight": (width, query),
            f"{block}.self_attn.q_norm.weight": (query if full_norms else head,),
            f"{block}.self_attn.k_norm.weight": (key if full_norms else head,),
            f"{block}.mlp.ff_proj.weight": (2 * inner, width),
            f"{block}.mlp.ff_out.weight": (width, inner),
        }
    return tensors


def molmo2(
    width, layers, heads, key_value_heads, head, inner, rows, *, full_norms=False, sizes=SIGLIP2
):
    backbone = "model.vision_backbone"
    return (
        newer_decoder(
            width, layers, heads, key_value_heads, head, inner, rows, full_norms=full_norms
        )
        | {"lm_head.weight": (rows, width)}
        | vision(f"{backbone}.image_vit", sizes, clip=False)
        | connector(backbone, sizes, inner, width)
    )


def molmo_point(
    width, layers, heads, key_value_heads, head, inner, rows, dim, *, tied=False, sizes=SIGLIP2
):
    tensors = newer_decoder(
        width, layers, heads, key_value_heads, head, inner, rows, full_norms=False
    )
    if not tied:
        tensors |= {
            "lm_head.output_embeddings": (rows, width),
            "lm_head.new_output_embeddings": (128, width),
        }
    features = 2 * sizes["width"]
    predictor = "model.point_predictor"
    tensors |= vision("model.vit", sizes, clip=False)
    tensors |= connector("model.connector", sizes, inner, width, out_layer=False)
    tensors |= {
        "model.build_vit_embedding.weight": (width, features),
        "model.build_vit_embedding.bias": (width,),
        f"{predictor}.x_norm.weight": (width,),
        f"{predictor}.add_no_point_class_embed.vector": (dim,),
    }
    shapes = {
        "patch_q": (dim, width),
        "patch_k": (dim, width),
        "subpatch_q": (dim, width),
        "subpatch_k": (dim, features),
        "subpatch_loc_k": (9, width),
    }
    for name, shape in shapes.items():
        tensors |= {
            f"{predictor}.{name}.weight": shape,
            f"{predictor}.{name}.bias": shape[:1],
        }
    return tensors


QWEN3_4B = (2560, 36, 32, 8, 128, 9728, 151936)
QWEN3_8B = (4096, 36, 32, 8, 128, 12288, 151936)
OLMO3_7B = (4096, 32, 32, 32, 128, 11008, 100278)

PUBLISHED = {
    "allenai/MolmoE-1B-0924": molmo(2048, 16, 2048, 2048, 50304, norms=True, experts=64),
    "allenai/Molmo-7B-O-0924": molmo(4096, 32, 4096, 22016, 100352, norms=True),
    "allenai/Molmo-7B-D-0924": molmo(3584, 28, 512, 37888, 152064, bias=True),
    "allenai/Molmo-72B-0924": molmo(8192, 80, 1024, 59136, 152064, bias=True),
    "allenai/Molmo2-4B": molmo2(*QWEN3_4B),
    "allenai/Molmo2-8B": molmo2(*QWEN3_8B),
    "allenai/Molmo2-O-7B": molmo2(*OLMO3_7B, full_norms=True),
    "allenai/MolmoPoint-8B": molmo_point(*QWEN3_8B, 512),
    "allenai/MolmoPoint-GUI-8B": molmo_point(*QWEN3_8B, 512),
    "allenai/MolmoPoint-Vid-4B": molmo_point(*QWEN3_4B, 512, tied=True),
}
"""Tensors of each checkpoint."""

TOTALS = {
    "allenai/MolmoE-1B-0924": 7_221_875_712,
    "allenai/Molmo-7B-O-0924": 7_665_032_192,
    "allenai/Molmo-7B-D-0924": 8_021_025_280,
    "allenai/Molmo-72B-0924": 73_308_285_952,
}
"""Parameters as published; of 7B-D by its index file (32,084,101,120 bytes of float32)."""
