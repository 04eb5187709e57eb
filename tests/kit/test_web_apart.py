"""Pieces of a page that are kept as bytes stand where the template put them, whatever else is typed there."""

import pytest

from shared.kit.web.apart import Apart


def test_pieces_stand_in_their_places() -> None:
    apart = Apart()
    page = f"<p>一</p>{apart.put('二'.encode())}<p>三</p>{apart.put(b'<b>4</b>')}"
    assert apart.into(page).decode() == "<p>一</p>二<p>三</p><b>4</b>"
    assert Apart().into("\0 只有文字") == "\0 只有文字".encode()


def test_a_piece_that_is_lost_on_the_way_is_no_page() -> None:
    apart = Apart()
    apart.put(b"row")
    with pytest.raises(ValueError, match="shorter"):
        apart.into("<p>no place for it</p>")
