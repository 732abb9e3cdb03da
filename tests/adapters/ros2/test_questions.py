"""One-shot questions: feedback, limit, cancelling, and answers that do not come."""

import pytest
from action_msgs.msg import GoalStatus

from tests.adapters.ros2.graph import wait_for


@pytest.fixture
def impatient(tiny, listener):
    listener.set("tiny", patience=0.3)
    yield
    listener.set("tiny", patience=5.0)


def result_of(goal):
    done = goal.get_result_async()
    wait_for(done.done, what="the result")
    return done.result()


def test_a_goal_is_called_off(tiny, camera, listener):
    listener.set("tiny", query="slow")  # its points do not end
    with listener.finding("tiny", order=0) as (goal, feedback), camera.shooting():
        wait_for(lambda: len(feedback) > 1, what="feedback")
        cancelled = goal.cancel_goal_async()
        wait_for(cancelled.done)
        assert len(cancelled.result().goals_canceling) == 1
        result = result_of(goal)
    assert result.status == GoalStatus.STATUS_CANCELED
    so_far = list(feedback[1].sequence)
    assert list(result.result.sequence)[: len(so_far)] == so_far


def test_a_goal_is_called_off_before_an_image_comes(tiny, listener):
    listener.set("tiny", query="red")
    with listener.finding("tiny", order=0) as (goal, _):
        goal.cancel_goal_async()
        assert result_of(goal).status == GoalStatus.STATUS_CANCELED


def test_a_goal_has_a_limit(tiny, camera, listener):
    listener.set("tiny", query="red")
    with listener.finding("tiny", order=1) as (goal, feedback), camera.shooting():
        result = result_of(goal)
    assert result.status == GoalStatus.STATUS_SUCCEEDED
    [only] = feedback
    assert list(result.result.sequence) == list(only.sequence)
    assert len(only.sequence) == 2


def test_a_goal_without_an_image_is_given_up(impatient, listener):
    with listener.finding("tiny", order=0) as (goal, _):
        assert result_of(goal).status == GoalStatus.STATUS_ABORTED


def test_a_limit_below_zero_is_refused(tiny, listener):
    with listener.finding("tiny", order=-1) as (goal, _):
        assert not goal.accepted


def test_a_question_without_an_image_is_given_up(impatient, listener):
    [answer] = listener.ask("tiny", "red")
    assert answer == {
        "query": "red",
        "error": "No image came in time, or the node was deactivated: ask again.",
    }


def test_no_question_is_that_of_the_node(tiny, camera, listener):
    listener.set("tiny", query="red")
    with camera.shooting():
        [answer] = listener.ask("tiny")
        [unknown] = listener.ask("tiny", "blue")
        refused, *_ = listener.ask("tiny", *["red"] * 33)
    assert answer["count"] == 2
    assert 'got "blue"' in unknown["error"]
    assert refused == {"query": "red", "error": "At most 32 questions a call, got 33."}
