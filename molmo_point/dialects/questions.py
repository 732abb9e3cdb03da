"""What a view takes and what it refuses, whoever answers: a model here or a server's."""

from __future__ import annotations

from collections.abc import Sequence

from molmo_point.errors import ImageError, QueryError
from molmo_point.images import ImageSource
from molmo_point.models.registry import ModelSpec

__all__ = ["CLOSED", "EVERYTHING", "check_query", "list_images", "list_queries"]

EVERYTHING = "objects"
"""The query for whatever stands out, when none is given."""

CLOSED = "This view is closed: ask inside its with-block, or look again."


def list_images(image: ImageSource | Sequence[ImageSource], spec: ModelSpec) -> list[ImageSource]:
    """One image, or several to be asked about together, as a list.

    Args:
        image: one, or a list or tuple of some.
        spec: of the model that is to be asked.

    Raises:
        ImageError: the list is empty.
        QueryError: there are several, and the model takes one.
    """
    images: list[ImageSource] = list(image) if isinstance(image, list | tuple) else [image]  # type: ignore[list-item]
    if not images:
        raise ImageError("There is no image in the list: give at least one.")
    if len(images) > 1 and not spec.several_images:
        raise QueryError(
            f'"{spec.name}" was trained on single images and got {len(images)}: ask about each '
            "(pointer.batch does)."
        )
    return images


def check_query(query: str) -> str:
    """A query without space around it.

    Raises:
        QueryError: it is empty.
    """
    if not isinstance(query, str) or not query.strip():
        raise QueryError(f"A query is some words, got {query!r}: say what to look for.")
    return query.strip()


def list_queries(queries: Sequence[str]) -> list[str]:
    """Queries as a list.

    Raises:
        QueryError: it is one string, whose letters nobody means.
    """
    if isinstance(queries, str):
        raise QueryError(
            f'points takes a list of queries, got "{queries}": give ["{queries}"], or use point.'
        )
    return list(queries)
