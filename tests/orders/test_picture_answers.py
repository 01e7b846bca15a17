"""Questions answered with a picture or several lines: one's own upload, seen by who handles the order and nobody else."""

from __future__ import annotations

import pytest
from orderworld import World, footprint, make_person, order_of, refusal

from factories import picture
from yantuan.kernel.errors import AppError
from yantuan.media.access import access_media
from yantuan.orders.placing import place_orders

pytestmark = pytest.mark.django_db


def ask(world: World, kind: str, required: bool = True) -> None:
    world.group_buy.questions = [
        {"id": "q1", "label": "门口的照片", "kind": kind, "choices": [], "required": required}
    ]
    world.group_buy.save(update_fields=["questions"])


def test_a_picture_goes_with_the_order_and_the_leader_may_look(world: World) -> None:
    ask(world, "picture")
    pair = world.buyer()
    shown = picture(pair[0], "answer")
    assert shown.private
    with pytest.raises(AppError, match="not_found"):
        access_media(world.leader_person, shown.id)
    order = order_of(place_orders([world.draft(pair, answers=(("q1", str(shown.id)),))])[0])
    assert order.answers == [{"label": "门口的照片", "answer": "", "media_id": str(shown.id)}]
    assert access_media(world.leader_person, shown.id).id == shown.id
    assert access_media(pair[0], shown.id).id == shown.id
    with pytest.raises(AppError, match="not_found"):
        access_media(make_person(), shown.id)


@pytest.mark.parametrize("case", ["words", "another", "purpose", "gone", "huge"])
def test_only_ones_own_picture_for_it_will_do(world: World, case: str) -> None:
    ask(world, "picture")
    pair = world.buyer()
    own = picture(make_person() if case == "another" else pair[0], "proof" if case == "purpose" else "answer")
    if case == "gone":
        own.removed_at = own.created_at
        own.save(update_fields=["removed_at"])
    answer = {"words": "见图", "huge": "9" * 19}.get(case, str(own.id))
    before = footprint()
    assert refusal(place_orders([world.draft(pair, answers=(("q1", answer),))])[0]) == "picture_unfit"
    assert footprint() == before


def test_a_picture_that_is_not_required_may_be_missing(world: World) -> None:
    ask(world, "picture", required=False)
    assert order_of(place_orders([world.draft()])[0]).answers == []
    ask(world, "picture")
    assert refusal(place_orders([world.draft()])[0]) == "answer_missing"


def test_several_lines_stay_several_lines(world: World) -> None:
    ask(world, "long")
    order = order_of(place_orders([world.draft(answers=(("q1", "红色\n蓝色 两件"),))])[0])
    assert order.answers == [{"label": "门口的照片", "answer": "红色\n蓝色 两件"}]
