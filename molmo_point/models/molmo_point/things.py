"""What lies where, whatever is asked: the small model's map of the things in an image.

Ours, for small models; no published checkpoint has it. Every ViT patch says what the thing under it
is called and which colour it has (among the words of a closed list), whether the thing's centre
lies in it, and how far the thing reaches. A large thing covers many patches, so patches whose boxes
overlap are taken for one thing: the one nearest to the middle of their boxes speaks for all, with
the sum of their probabilities to hold the centre, because at most one of them does, and what they
say together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from molmo_point.models.molmo_point.asked import Asked
from molmo_point.models.molmo_point.order import choose_place
from molmo_point.models.molmo_point.patches import distinct_rows, pick_rows

__all__ = ["CLEAR", "ThingMap"]

CLEAR = 2.0
"""Log-odds from which a name is as good as sure: more of them say nothing more (dev scenes)."""

_SAME = 0.3  # intersection over union from which two boxes are of one thing; chosen on dev scenes
_TWO = 1.1  # sum of two patches' centres from which they belong to two things, each having one,
_ONE = 0.4  # unless their boxes share so much; both chosen on dev scenes
_ALIKE = 10.0  # how fast what two things say of each other fades as their looks differ (dev)
_SOMETHING = 0.3  # probability of not being background from which a patch takes part
_MOST = 4096  # patches of an image that take part, the likeliest
_SAID = 0.5  # probability from which a thing is pointed at
_ALONE = (
    0.35  # the same for the likeliest element of a screen, if none reaches one half (dev pages)
)
_THERE = 0.4  # probability from which a thing counts when one of several is asked for
_ROLE_ALONE = 0.01  # of an element whose meaning is not seen, for who must have a point
_UNSAID = 1e-4  # of its probability keeps what is not pointed at
_FAINT, _CERTAIN = 1e-6, 0.999


@dataclass(frozen=True, slots=True)
class ThingMap:
    """Every ViT patch of a batch of prompts: n image tokens of k patches.

    Attributes:
        centre: [B, n, k] probability that a thing's centre lies in this patch.
        names: [B, n, k, K] probability of each name; together, that there is something.
        colours: [B, n, k, L] probability of each colour, of one thing; they sum to 1.
        extents: [B, n, k, 4] how far the thing's box reaches from the patch's middle: left, up,
            right, down, in ViT patches.
        looks: [B, n, k, D] what names are told by; things of one kind have nearly the same.
        element: bool [B, n, k], likelier an element of a screen than another thing.
        meanings: [B, n, k, M] probability of what an element of a screen stands for; None for a
            model that knows no meanings.
        places: int [B, n, k, 3] image, row, column of each ViT patch, once it is grouped.
    """

    centre: Tensor
    names: Tensor
    colours: Tensor
    extents: Tensor
    looks: Tensor
    element: Tensor
    meanings: Tensor | None = None
    places: Tensor | None = None

    def locations(self, row: Tensor) -> Tensor:
        """Where in its ViT patch an element of a screen has its middle, one of 3x3.

        Numbered as in `locations.py`. Other things may have a hole there, or bend around it.

        Args:
            row: int [Q], which prompt each question is about.

        Returns:
            int [Q, n, k], -1 for other things.
        """
        left, up, right, down = pick_rows(self.extents, row).unbind(-1)
        across, below = (
            ((0.5 + (after - before) / 2) * 3).clamp(0, 2).long()
            for before, after in ((left, right), (up, down))
        )
        return (below + 3 * across).masked_fill(~pick_rows(self.element, row), -1)

    def probability(self, row: Tensor, asked: Asked) -> Tensor:
        """How likely the centre of a thing that is asked for lies in each patch.

        Args:
            row: int [Q], which prompt each question is about.
            asked: what the questions ask for.

        Returns:
            [Q, n, k].
        """
        something = pick_rows(distinct_rows(self.names).sum(-1).clamp(min=_FAINT), row)
        role, coloured, meant = (asked.trust[at : at + 2] for at in (2, 4, 6))
        likely = self._named(row, asked)
        likely = likely + _believe(_sum(self.names, row, asked.roles) / something, *role)
        if self.meanings is not None:
            element = _believe(_sum(self.names, row, asked.elements) / something, *role)
            meaning = _believe(_sum(self.meanings, row, asked.meanings), *meant)
            # what has a meaning is an element: the two go together and are not independent
            likely = likely + torch.lerp(torch.minimum(element, meaning), element, _ROLE_ALONE)
        said = (asked.names | asked.roles | asked.elements).any(-1)[:, None, None]
        hued = asked.colours.any(-1)[:, None, None]
        hue = _believe(_sum(self.colours, row, asked.colours), *coloured)
        found = (
            pick_rows(self.centre, row)
            * torch.where(said, likely, 1.0)
            * torch.where(hued, hue, 1.0)
        )
        found = found.clamp(_FAINT, _CERTAIN)
        if asked.nothing is not None:
            found = found.masked_fill(asked.nothing[:, None, None], _FAINT)
        if self.places is not None:  # grouped: each is a thing of its own, there or not
            found = _say(found, (asked.roles | asked.elements).any(-1) & ~asked.names.any(-1))
        return self._choose(found, row, asked.places)

    def _named(self, row: Tensor, asked: Asked) -> Tensor:
        """Probability [Q, n, k] of having one of the names that are asked for."""
        odds, (scale, shift) = self.name_odds(row, asked.names), asked.trust[:2]
        belief = scale * odds.clamp(max=CLEAR) + shift
        if self.places is not None:
            belief = belief - asked.trust[8] * self.rival_odds(odds, row)
        return torch.sigmoid(belief)

    def rival_odds(self, odds: Tensor, row: Tensor) -> Tensor:
        """`name_odds` of the likeliest of the other things, within `CLEAR` of even.

        What is asked for is mostly there: where one thing has its name for sure, a doubtful one is
        less likely meant; where none has, it is likelier.

        Args:
            odds: [Q, n, k] of the same things.
            row: int [Q].

        Returns:
            [Q, n, k].
        """
        there = pick_rows(self.centre, row) > _SAID
        heard = odds.masked_fill(~there, -torch.inf).flatten(1)
        best, which = heard.topk(2)
        other = best[:, :1].expand_as(heard).scatter(1, which[:, :1], best[:, 1:])
        return other.clamp(-CLEAR, CLEAR).reshape(odds.shape)

    def name_odds(self, row: Tensor, asked: Tensor) -> Tensor:
        """How much likelier a thing has one of these names than the likeliest of the others.

        Against all others together, what could be one of many would seem to be none of them.

        Args:
            row: int [Q], which prompt each question is about.
            asked: bool [Q, K].

        Returns:
            [Q, n, k] logarithms; minus infinity where no name is asked for or no centre can be.
        """
        centre, names = distinct_rows(self.centre), distinct_rows(self.names)
        there = centre > 0
        odds = centre.new_full((len(row), *centre.shape[1:]), -torch.inf)
        most = int(asked.sum(-1).max())
        for number in range(len(centre)):
            here = names[number][there[number]]  # [m, K]
            best, which = here.topk(min(most + 1, here.shape[-1]))  # one of these is not asked for
            mine = asked.any(-1) & (row == number if len(centre) > 1 else True)
            for question in mine.nonzero()[:, 0].tolist():
                wanted = asked[question]
                rival = best.masked_fill(wanted[which], 0.0).amax(-1).clamp(min=_FAINT)
                share = here[:, wanted].sum(-1).clamp(min=_FAINT)
                odds[question, there[number]] = share.log() - rival.log()
        return odds

    def _choose(self, found: Tensor, row: Tensor, asked: Tensor) -> Tensor:
        """Where one of several is asked for, all others become faint; [Q, n, k]."""
        wanted = asked.any(-1).nonzero()[:, 0].tolist() if asked.shape[-1] else []
        if self.places is None or not wanted:
            return found
        found = found.clone()
        for question in wanted:
            heat = found[question].flatten()
            likely = (heat > _THERE).nonzero()[:, 0]
            spots = self.places[row[question]].flatten(0, 1)[likely]
            reach = self.extents[row[question]].flatten(0, 1)[likely]
            kept = likely[choose_place(spots, reach, asked[question])]
            others = torch.ones_like(heat, dtype=torch.bool)
            others[kept] = False
            found[question] = torch.where(others, heat * _UNSAID, heat).reshape(
                found[question].shape
            )
        return found

    def group(self, places: Tensor, valid: Tensor) -> ThingMap:
        """Let one patch speak for each thing; the others' centres get no probability.

        Args:
            places: int [n, k, 3] image, row, column of each ViT patch.
            valid: bool [B, n, k], patches that take part.
        """
        centre, *said = (
            value.flatten(1, 2).clone()
            for value in (self.centre, self.names, self.colours, self.meanings)
            if value is not None
        )
        for number in range(len(centre)):
            something = said[0][number].sum(-1) * valid[number].flatten()
            chosen = (something > _SOMETHING).nonzero()[:, 0]
            score = (centre[number] * something)[chosen]
            chosen = chosen[score.argsort(descending=True, stable=True)[:_MOST]]
            reach, spots = self.extents[number].flatten(0, 1)[chosen], places.flatten(0, 1)[chosen]
            before, looks = centre[number].clone(), self.looks[number].flatten(0, 1)
            seen: list[Tensor] = []
            speakers: list[Tensor] = []
            centre[number] = 0.0
            single = self.element[number].flatten()[chosen]
            for ranks, nearest in _groups(reach, spots, before[chosen], single):
                members, leader = chosen[ranks], chosen[nearest]
                centre[number, leader] = before[members].sum().clamp(max=_CERTAIN)
                for values in said:
                    some = values[number, members]
                    values[number, leader] = _agree(some) * some.sum(-1).mean()
                if centre[number, leader] > _SOMETHING:
                    seen.append(looks[members].mean(0))
                    speakers.append(leader)
            if speakers:
                leaders = torch.stack(speakers)
                said[0][number, leaders] = _consult(
                    said[0][number, leaders], centre[number, leaders], torch.stack(seen)
                )
        names, colours, *meanings = (
            value.reshape(*self.centre.shape, value.shape[-1]) for value in said
        )
        return ThingMap(
            centre.reshape(self.centre.shape),
            names,
            colours,
            self.extents,
            self.looks,
            self.element,
            meanings[0] if meanings else None,
            places.expand(len(centre), *places.shape),
        )


def _groups(
    reach: Tensor, spots: Tensor, centre: Tensor, element: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Ranks of the patches of each thing, and the one nearest to the mean of their boxes' middles.

    Boxes of one thing overlap. Two patches that are both sure of a centre are of two things; but
    elements of screens do not lie over one another.

    Args:
        reach: [m, 4] of patches, the likeliest first.
        spots: int [m, 3] image, row, column.
        centre: [m] probability to hold the thing's centre.
        element: bool [m], elements of screens.
    """
    image, at = spots[:, 0], spots[:, [2, 1]]
    low, high = at + 0.5 - reach[:, :2], at + 0.5 + reach[:, 2:]  # [m, 2]
    area, middles = (high - low).prod(-1), at + (reach[:, 2:] - reach[:, :2]) / 2
    free = torch.ones(len(reach), dtype=torch.bool, device=reach.device)
    for rank in range(len(reach)):
        if not free[rank]:
            continue
        shared = torch.minimum(high[rank], high) - torch.maximum(low[rank], low)
        both = shared.clamp(min=0).prod(-1)
        union = (area[rank] + area - both).clamp(min=1e-9)
        near = free & (image == image[rank]) & (both > _SAME * union)
        same = near & (element | (centre[rank] + centre < _TWO) | (both > _ONE * union))
        same[rank] = True
        free &= ~same
        ranks = same.nonzero()[:, 0]
        share = centre[ranks, None] / centre[ranks].sum()
        off = at[ranks] - (middles[ranks] * share).sum(0)
        yield ranks, ranks[off.square().sum(-1).argmin()]


def _say(found: Tensor, element: Tensor) -> Tensor:
    """What is pointed at stays, the rest becomes faint.

    Names of elements of screens share their probability with much like them, such as icons and
    buttons with an icon; so of these the likeliest may be pointed at below one half.

    Args:
        found: [Q, n, k] probabilities of things.
        element: bool [Q], questions about elements of screens alone.
    """
    best = found.flatten(1).amax(1)
    alone = element & (best >= _ALONE) & (best < _SAID)
    said = torch.where(alone[:, None, None] & (found == best[:, None, None]), _SAID, found)
    return torch.where(said < _SAID, said * _UNSAID, said)  # in order, for who must have a point


def _agree(values: Tensor) -> Tensor:
    """What several patches say together [m, K] -> [K]: the mean of logarithms, as probabilities."""
    agreed: Tensor = values.clamp(min=_FAINT).log().mean(0).softmax(-1)
    return agreed


def _consult(names: Tensor, centre: Tensor, looks: Tensor) -> Tensor:
    """Things that look alike are called alike: each also hears the others of nearly its looks.

    Args:
        names: [m, K] probabilities of each thing; their sum is kept.
        centre: [m] probability that it is there, its weight.
        looks: [m, D].

    Returns:
        [m, K].
    """
    total = names.sum(-1, keepdim=True).clamp(min=_FAINT)
    share = (names / total).clamp(min=_FAINT)
    looks = torch.nn.functional.normalize(looks, dim=-1)
    weight = torch.exp(_ALIKE * (looks @ looks.T - 1)) * centre
    heard = (weight / weight.sum(-1, keepdim=True)) @ share.log()
    return heard.softmax(-1) * total


def _believe(share: Tensor, scale: float, shift: float) -> Tensor:
    """A probability whose log-odds are scaled and shifted; what is not asked for stays at none."""
    believed = torch.sigmoid(scale * torch.logit(share, eps=_FAINT) + shift)
    return torch.where(share > 0, believed, 0.0)


def _sum(values: Tensor, row: Tensor, asked: Tensor) -> Tensor:
    """Sum [Q, n, k] of [B, n, k, K] over what is asked, bool [Q, K]."""
    some = asked.any(0).nonzero()[:, 0]  # a few of the whole list
    values = distinct_rows(values).index_select(-1, some)
    asked = asked[:, some].to(values.dtype)
    if len(values) == 1:
        return torch.einsum("nkc,qc->qnk", values[0], asked)
    return torch.einsum("qnkc,qc->qnk", values[row], asked)
