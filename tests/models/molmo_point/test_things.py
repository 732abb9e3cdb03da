"""The map of things: patches of one thing speak once, and questions pick what they name."""

from dataclasses import replace

import torch

from molmo_point.models.molmo_point.asked import PLACES, Asked
from molmo_point.models.molmo_point.heat import HeatPrior
from molmo_point.models.molmo_point.patches import take_rows
from molmo_point.models.molmo_point.things import ThingMap

SIDE = 6
NAMES, COLOURS = 3, 2


def places(images=1):
    """A canvas of 6x6 ViT patches an image, four to a token."""
    half = range(SIDE // 2)
    spots = [
        (image, 2 * row + down, 2 * column + right)
        for image in range(images)
        for row in half
        for column in half
        for down in range(2)
        for right in range(2)
    ]
    return torch.tensor(spots).reshape(-1, 4, 3)


def scene(things, spots):
    """Things as (left, top, right, bottom), centre probabilities by row, name, colour."""
    table = spots.reshape(-1, 3)
    centre = torch.full((len(table),), 0.001)
    names = torch.full((len(table), NAMES), 0.01)
    colours = torch.full((len(table), COLOURS), 1 / COLOURS)
    reach = torch.full((len(table), 4), 0.5)
    for (left, top, right, bottom), heats, name, colour in things:
        for index, (_, row, column) in enumerate(table.tolist()):
            if left <= column < right and top <= row < bottom:
                x, y = column + 0.5, row + 0.5
                centre[index] = heats[row - top][column - left]
                reach[index] = torch.tensor([x - left, y - top, right - x, bottom - y])
                names[index], colours[index] = 0.02, 0.1
                names[index, name], colours[index, colour] = 0.9, 0.9
    shape = (1, *spots.shape[:2])
    return ThingMap(
        centre.reshape(shape),
        names.reshape(*shape, NAMES),
        colours.reshape(*shape, COLOURS),
        reach.reshape(*shape, 4),
        names.reshape(*shape, NAMES).clone(),
        torch.zeros(shape, dtype=torch.bool),
    )


def grid(values, spots):
    out = torch.zeros(SIDE, SIDE)
    for (_, row, column), value in zip(
        spots.reshape(-1, 3).tolist(), values.flatten(), strict=True
    ):
        out[row, column] = value
    return out


def everywhere(spots):
    return torch.ones(1, *spots.shape[:2], dtype=torch.bool)


def grouped(things):
    spots = places()
    return grid(scene(things, spots).group(spots, everywhere(spots)).centre, spots)


LARGE = ((0, 0, 3, 3), [[0.05, 0.1, 0.05], [0.1, 0.3, 0.1], [0.05, 0.1, 0.05]], 0, 0)


def test_a_large_thing_speaks_with_its_likeliest_patch():
    centre = grouped([LARGE])
    assert torch.isclose(centre[1, 1], torch.tensor(0.9), atol=1e-4)
    centre[1, 1] = 0
    assert centre.max() == 0


def test_neighbours_with_boxes_of_their_own_stay_apart():
    centre = grouped([((0, 0, 1, 1), [[0.8]], 0, 0), ((1, 0, 2, 1), [[0.7]], 0, 0)])
    assert torch.isclose(centre[0, 0], torch.tensor(0.8))
    assert torch.isclose(centre[0, 1], torch.tensor(0.7))


def test_two_sure_centres_in_boxes_that_overlap_are_two_things():
    def together(first, second, *, element=False):
        spots = places()
        things = scene([((0, 0, 2, 2), [[first, 0], [0, 0]], 0, 0)], spots)
        at = spots.reshape(-1, 3).tolist().index([0, 0, 1])
        things.centre.flatten()[at] = second
        things.extents.flatten(0, 2)[at] = torch.tensor([0.5, 0.5, 1.5, 1.5])  # x 1 to 3: IoU 1/3
        things = replace(things, element=torch.full_like(things.element, element))
        return int((things.group(spots, everywhere(spots)).centre > 0.5).sum())

    assert together(0.9, 0.8) == 2
    assert together(0.9, 0.8, element=True) == 1
    assert together(0.6, 0.4) == 1


def test_a_probability_stays_one_and_background_stays_silent():
    centre = grouped([((2, 2, 4, 4), [[0.6, 0.5], [0.1, 0.4]], 0, 0)])
    assert 0.99 < centre[2, 2] < 1
    assert (centre > 0).sum() == 1


def test_the_same_box_in_another_image_is_another_thing():
    spots = places(images=2)
    things = scene([((0, 0, 2, 2), [[0.6, 0.1], [0.1, 0.1]], 0, 0)], spots)
    assert (things.group(spots, everywhere(spots)).centre > 0.5).sum() == 2


def test_what_cannot_be_chosen_takes_no_part():
    spots = places()
    things = scene([((0, 0, 2, 2), [[0.6, 0.3], [0.2, 0.2]], 0, 0)], spots)
    valid = everywhere(spots)
    valid[0, 0, 0] = False  # the likeliest
    centre = things.group(spots, valid).centre
    assert centre[0, 0, 0] == 0
    assert torch.isclose(centre[0, 0, 1:].max(), torch.tensor(0.7), atol=1e-4)


def test_things_that_look_alike_are_called_alike():
    def named(*rows, looks):
        spots = places()
        things = scene([((2 * n, 0, 2 * n + 1, 1), [[0.9]], 0, 0) for n in range(len(rows))], spots)
        table, names = spots.reshape(-1, 3).tolist(), things.names.flatten(0, 2)
        for number, row in enumerate(rows):
            at = table.index([0, 0, 2 * number])
            names[at] = torch.tensor(row)
            things.looks.flatten(0, 2)[at] = torch.tensor(looks[number])
        grouped = things.group(spots, everywhere(spots)).names.flatten(0, 2)
        return [grouped[table.index([0, 0, 2 * number])] for number in range(len(rows))]

    sure, doubtful = [0.7, 0.25, 0.02], [0.46, 0.49, 0.02]
    one, almost, other = [3.0, 0.0, 0.1], [2.9, 0.2, 0.0], [0.1, 3.0, 0.0]
    assert named(doubtful, looks=[one])[0].argmax() == 1
    *_, third = named(sure, sure, doubtful, looks=[one, one, almost])
    assert third.argmax() == 0  # as the others of its kind
    assert torch.isclose(third.sum(), torch.tensor(0.97), atol=1e-3)
    *_, third = named(sure, sure, doubtful, looks=[one, one, other])
    assert third.argmax() == 1
    assert torch.allclose(third, torch.tensor(doubtful), atol=0.01)


def test_what_is_certain_in_bfloat16_leaves_a_finite_prior():
    certain = torch.full((1, 3, 4), 0.999, dtype=torch.bfloat16)
    prior = HeatPrior.of(certain, torch.ones(1, 3, 4, dtype=torch.bool))
    none = torch.tensor([[-1]])
    assert prior.patch_prior(none, none).isfinite().all()
    assert prior.absent.isfinite().all()


def twice(things):
    return ThingMap(
        *(
            value.repeat(2, *[1] * (value.ndim - 1))
            for value in (
                things.centre,
                things.names,
                things.colours,
                things.extents,
                things.looks,
                things.element,
            )
        )
    )


def none(questions, width):
    return torch.zeros(questions, width, dtype=torch.bool)


def test_a_question_picks_names_and_colours_and_none_means_all():
    spots = places()
    red_cup, blue_cup = ((0, 0, 1, 1), [[0.9]], 0, 0), ((3, 3, 4, 4), [[0.9]], 0, 1)
    things = scene([red_cup, blue_cup, ((5, 0, 6, 1), [[0.9]], 1, 0)], spots)
    wanted = [((0,), ()), ((0,), (1,)), ((1,), ()), ((2,), ()), ((), ()), ((0, 1), (0,))]
    count = len(wanted)
    asked = Asked(
        names=torch.tensor([[k in names for k in range(NAMES)] for names, _ in wanted]),
        colours=torch.tensor([[k in colours for k in range(COLOURS)] for _, colours in wanted]),
        roles=none(count, NAMES),
        elements=none(count, NAMES),
        meanings=none(count, 0),
        places=none(count, 0),
    )
    rows = torch.zeros(count, dtype=torch.long)
    heat = things.probability(rows, asked)
    assert (heat.flatten(1) > 0.5).sum(1).tolist() == [2, 1, 1, 0, 3, 2]
    shared, copied = (take_rows(things, torch.zeros(2, dtype=torch.long)), twice(things))
    for both in (shared, copied):
        torch.testing.assert_close(both.probability(torch.arange(count) % 2, asked), heat)


def test_an_element_needs_its_meaning_and_a_thing_of_the_name_does_not():
    spots = places()
    things = scene([((0, 0, 1, 1), [[0.9]], 0, 0), ((3, 3, 4, 4), [[0.9]], 1, 0)], spots)
    meanings = torch.full((*things.centre.shape, 2), 0.02)
    meanings[..., 1] = 0.95  # everything stands for the second
    things = replace(things, meanings=meanings)
    wanted = [((), (1,), (1,)), ((), (1,), (0,)), ((0,), (1,), (1,)), ((0,), (1,), (0,))]
    asked = Asked(
        names=torch.tensor([[k in names for k in range(NAMES)] for names, _, _ in wanted]),
        roles=none(4, NAMES),
        colours=none(4, COLOURS),
        elements=torch.tensor([[k in some for k in range(NAMES)] for _, some, _ in wanted]),
        meanings=torch.tensor([[k in some for k in range(2)] for _, _, some in wanted]),
        places=none(4, 0),
    )
    likely = things.probability(torch.zeros(4, dtype=torch.long), asked).flatten(1) > 0.5
    assert likely.sum(1).tolist() == [1, 0, 2, 1]


def test_one_of_several_is_chosen_by_its_place():
    spots = places()
    boxes = [(0, 0, 1, 1), (3, 0, 4, 1), (5, 0, 6, 1), (0, 5, 1, 6)]
    things = scene([(box, [[0.9]], 0, 0) for box in boxes], spots)
    things = things.group(spots, everywhere(spots))
    words = ("second", "last", "right", "bottom", "fifth")
    count = len(words)
    asked = Asked(
        names=torch.tensor([[True, False, False]] * count),
        colours=none(count, COLOURS),
        roles=none(count, NAMES),
        elements=none(count, NAMES),
        meanings=none(count, 0),
        places=torch.tensor([[place == word for place in PLACES] for word in words]),
    )
    heat = things.probability(torch.zeros(count, dtype=torch.long), asked)
    found = [
        [(column, row) for row, column in (grid(one, spots) > 0.5).nonzero().tolist()]
        for one in heat
    ]
    assert found == [[(3, 0)], [(0, 5)], [(5, 0)], [(0, 5)], []]


def test_belief_in_names_can_be_scaled_and_shifted():
    spots = places()
    things = scene([((0, 0, 1, 1), [[0.9]], 0, 0)], spots)
    names = torch.tensor([[False, True, False]])  # 0.02 of what is there has this name
    asked = Asked(names, none(1, NAMES), none(1, COLOURS), none(1, NAMES), none(1, 0), none(1, 0))
    row = torch.zeros(1, dtype=torch.long)
    likely = things.probability(row, asked).max()
    believed = things.probability(row, replace(asked, trust=(1.0, 6.0, *(1.0, 0.0) * 3))).max()
    assert likely < 0.05
    assert believed > 0.75


def test_a_name_counts_against_its_likeliest_rival_and_not_against_all_others():
    spots = places()
    things = scene([((0, 0, 1, 1), [[0.9]], 0, 0)], spots)
    asked = torch.tensor([[True, False, False], [True, True, False], [False, False, False]])
    where = things.centre.flatten().argmax()

    def odds(*shares):
        things.names.flatten(0, 2)[where] = torch.tensor(shares)
        row = torch.zeros(len(asked), dtype=torch.long)
        return things.name_odds(row, asked).flatten(1)[:, where].exp()

    torch.testing.assert_close(odds(0.4, 0.2, 0.1), torch.tensor([2.0, 6.0, 0.0]))
    torch.testing.assert_close(odds(0.1, 0.05, 0.4), torch.tensor([0.25, 0.375, 0.0]))
    both = twice(things)
    rows = torch.tensor([1, 0, 1])
    assert torch.equal(both.name_odds(rows, asked), things.name_odds(rows * 0, asked))


def test_what_another_thing_is_counts_against_a_doubtful_one():
    spots = places()
    sure, unsure, none_of_it = [0.85, 0.05], [0.2, 0.5], [0.01, 0.8]

    def likely(*shares):
        boxes = [((4 * number, 0, 4 * number + 1, 1), [[0.9]]) for number in range(len(shares))]
        things = scene([(box, centre, 0, 0) for box, centre in boxes], spots)
        at = things.centre.flatten().topk(len(shares)).indices.sort().values
        things.names.flatten(0, 2)[at] = torch.tensor([[*share, 0.0] for share in shares])
        names = torch.tensor([[True, False, False]])
        asked = Asked(
            names, none(1, NAMES), none(1, COLOURS), none(1, NAMES), none(1, 0), none(1, 0)
        )
        asked = replace(asked, trust=(1.0, 1.0, *(1.0, 0.0) * 3, 0.5))
        things = replace(things, places=spots[None])
        heat = things.probability(torch.zeros(1, dtype=torch.long), asked).flatten()
        return (heat[at] > 0.5).tolist()

    assert likely(none_of_it, unsure) == [False, True]
    assert likely(sure, unsure) == [True, False]
    assert likely(sure, sure) == [True, True]
    assert likely(unsure) == [True]


def asked_for(*, names=(), roles=(), elements=(), meanings=()):
    """One question about names, or about elements with a meaning."""

    def marks(ranks, count):
        return torch.tensor([[rank in ranks for rank in range(count)]])

    none = marks((), COLOURS)
    return Asked(
        marks(names, NAMES), marks(roles, NAMES), none, marks(elements, NAMES), marks(meanings, 2),
        marks((), len(PLACES)),
    )  # fmt: skip


def two_things(first, second):
    """A grouped map with two things of the first name, there with these probabilities."""
    spots = places()
    things = [((0, 0, 1, 1), [[first]], 0, 0), ((4, 4, 5, 5), [[second]], 0, 0)]
    return scene(things, spots).group(spots, everywhere(spots))


def said(things, **what):
    row = torch.zeros(1, dtype=torch.long)
    return int((things.probability(row, asked_for(**what)) >= 0.5).sum())


def test_the_likeliest_element_is_pointed_at_below_one_half_if_no_other_is():
    share = 0.9 / 0.94  # of the first name
    assert said(two_things(0.45 / share, 0.42 / share), roles=(0,)) == 1
    assert said(two_things(0.3 / share, 0.28 / share), roles=(0,)) == 0
    assert said(two_things(0.8, 0.45 / share), roles=(0,)) == 1
    assert said(two_things(0.8, 0.7), roles=(0,)) == 2
    assert said(two_things(0.45 / share, 0.42 / share), names=(0,)) == 0


def test_a_thing_is_pointed_at_from_one_half_on_also_where_its_name_is_a_meaning_too():
    share = 0.9 / 0.94
    things = two_things(0.45 / share, 0.42 / share)
    meanings = torch.full((*things.centre.shape, 2), 0.001)
    both = replace(things, meanings=meanings)
    assert said(both, names=(0,), elements=(1,), meanings=(1,)) == 0


def test_what_stands_for_nothing_says_so_after_grouping_too():
    spots = places()
    things = scene([((0, 0, 1, 1), [[0.9]], 0, 0)], spots)
    meanings = torch.zeros(*things.centre.shape, 2)
    meanings[..., 0], meanings[..., 1] = 0.01, 0.02  # the rest is "none"
    grouped = replace(things, meanings=meanings).group(spots, everywhere(spots))
    at = int(grouped.centre.flatten().argmax())
    expected = torch.tensor([0.01, 0.02])
    torch.testing.assert_close(grouped.meanings.flatten(0, 2)[at], expected)


def test_a_meaning_and_its_element_go_together():
    things = two_things(0.98, 0.001)
    meanings = torch.full((*things.centre.shape, 2), 0.01)
    meanings[..., 1] = 0.75
    both = replace(things, meanings=meanings)
    row = torch.zeros(1, dtype=torch.long)
    heat = both.probability(row, asked_for(elements=(0,), meanings=(1,)))
    assert abs(float(heat.max()) - 0.98 * 0.75) < 0.01  # not 0.75 times the share of the name


def test_who_must_have_a_point_gets_the_role_where_no_meaning_is_seen():
    spots = places()
    things = scene([((0, 0, 1, 1), [[0.9]], 0, 0), ((4, 4, 5, 5), [[0.9]], 1, 0)], spots)
    meanings = torch.full((*things.centre.shape, 2), 1e-5)
    other = spots.reshape(-1, 3).tolist().index([0, 4, 4])
    meanings.flatten(0, 2)[other] = 1e-4  # of another role, and faintly likelier to stand for it
    both = replace(things, meanings=meanings).group(spots, everywhere(spots))
    row = torch.zeros(1, dtype=torch.long)
    heat = both.probability(row, asked_for(elements=(0,), meanings=(1,)))
    assert float(heat.max()) < 0.35  # nothing is pointed at, unless it must be
    best = spots.reshape(-1, 3)[int(heat.argmax())].tolist()
    assert best == [0, 0, 0]


def test_an_element_of_a_screen_is_pointed_at_in_its_middle():
    reach = torch.tensor([[1.0, 1.0, 1.0, 1.0], [0.5, 2.0, 1.1, 2.0], [3.0, 3.0, 3.0, 2.2]])
    some = torch.rand(1, 3, 1, 2)
    things = ThingMap(some[..., 0], some, some, reach[None, :, None], some, some[..., 0] > -1)
    middle, right, above = things.locations(torch.tensor([0]))[0, :, 0].tolist()
    assert (middle, right, above) == (4, 7, 3)
    prior = HeatPrior.of(torch.rand(1, 3, 1), torch.ones(1, 3, 1, dtype=torch.bool),
                         things.locations(torch.tensor([0])))  # fmt: skip
    at = torch.tensor([[0, 1, 2]]), torch.zeros(1, 3, dtype=torch.long)
    assert prior.location_prior(*at, 9).argmax(-1).tolist() == [[4, 7, 3]]
    other = replace(things, element=~things.element).locations(torch.tensor([0]))
    prior = replace(prior, location=other)
    assert (prior.location_prior(*at, 9) == 0).all()
