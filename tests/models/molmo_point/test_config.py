"""What MolmoPoint's configuration refuses."""

import pytest
from huggingface_hub.errors import StrictDataclassClassValidationError

from molmo_point.models.molmo_point.config import MolmoPointConfig


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mask_patches", "inference"),
        ("mask_subpatches", "always"),
        ("mask_repeats", "always"),
    ],
)
def test_what_would_be_computed_wrongly_is_refused(name, value):
    with pytest.raises(StrictDataclassClassValidationError, match=f"{name}='{value}' is not"):
        MolmoPointConfig(**{name: value})
