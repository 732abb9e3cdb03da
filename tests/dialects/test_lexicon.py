"""What a wish is called on screens."""

from molmo_point.dialects.lexicon import usual


def test_a_label_has_its_translations():
    assert usual("delete").labels == ("Delete", "Löschen", "Eliminar", "Supprimer")
    assert not usual("delete").control


def test_a_purpose_has_the_label_that_serves_it():
    assert "Save" in usual("save file").labels
    assert not usual("save file").control


def test_who_wants_to_enter_something_wants_the_field_and_not_its_label():
    assert usual("enter my email").control
    assert not usual("email").control


def test_other_words_have_none():
    assert usual("mug handle").labels == ()
