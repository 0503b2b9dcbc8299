"""Listing image files below a folder."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.sources.image_files.listing import IMAGE_SUFFIXES, list_images


def touch(folder: Path, files: Sequence[str]) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def test_images_at_any_depth_are_listed_in_natural_order(tmp_path: Path) -> None:
    expected = ["1.jpg", "2.jpg", "10.jpg", "a/b/3.PNG", "a/b/20.png", "a2/4.jpg"]
    expected += ["a10/1.Jpeg", "a 1/5.jpg", "b.webp"]
    touch(tmp_path, expected[::-1])
    assert list_images(tmp_path).files == expected


def test_names_that_differ_in_leading_zeros_keep_one_order(tmp_path: Path) -> None:
    touch(tmp_path, ["1.jpg", "01.jpg", "001.jpg", "01/1.jpg", "1/1.jpg"])
    assert list_images(tmp_path).files == ["01/1.jpg", "1/1.jpg", "001.jpg", "01.jpg", "1.jpg"]


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_every_suffix_of_an_image_counts_in_any_case(tmp_path: Path, suffix: str) -> None:
    touch(tmp_path, [f"a{suffix.upper()}"])
    assert list_images(tmp_path).files == [f"a{suffix.upper()}"]


def test_hidden_files_and_files_that_are_no_images_are_counted_by_suffix(tmp_path: Path) -> None:
    touch(tmp_path, ["a.jpg", "notes.txt", "b/NOTES.TXT", "b/README", "Thumbs.db", "jpg"])
    touch(tmp_path, ["._a.jpg", ".DS_Store", "b/.git/c.jpg", "b/.cache/d.jpg"])
    listing = list_images(tmp_path)
    assert listing.files == ["a.jpg"]
    assert listing.other_files == {".txt": 2, "none": 2, ".db": 1}
    assert listing.hidden_files == {".jpg": 1, "none": 1}
    assert listing.hidden_folders == ["b/.cache", "b/.git"]


def test_links_back_up_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    touch(folder, ["a/1.jpg", "b/2.jpg"])
    touch(tmp_path, ["elsewhere.jpg"])
    (folder / "a" / "up").symlink_to(folder)
    (folder / "a" / "out").symlink_to(tmp_path)
    (folder / "b" / "itself").symlink_to(folder / "b" / "itself")
    listing = list_images(folder)
    assert listing.files == ["a/1.jpg", "b/2.jpg"]
    assert listing.links_not_followed == ["a/out", "a/up"]
    assert listing.other_files == {"none": 1}


def test_a_folder_with_two_links_is_listed_once_by_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    touch(tmp_path, ["outside/1.jpg", "outside/deep/2.jpg"])
    touch(folder, ["z/3.jpg"])
    for name in ("link10", "link9", "link9x"):
        (folder / name).symlink_to(tmp_path / "outside")
    (folder / "a").symlink_to(folder / "z")
    listing = list_images(folder)
    assert listing.files == ["link9/1.jpg", "link9/deep/2.jpg", "z/3.jpg"]
    assert listing.links_not_followed == ["a", "link9x", "link10"]


def test_a_folder_that_is_a_link_is_listed(tmp_path: Path) -> None:
    touch(tmp_path, ["real/1.jpg"])
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert list_images(tmp_path / "link").files == ["1.jpg"]


def test_links_to_files_are_listed_even_where_they_lead_nowhere(tmp_path: Path) -> None:
    touch(tmp_path, ["other/1.jpg", "images/2.jpg"])
    (tmp_path / "images" / "1.jpg").symlink_to(tmp_path / "other" / "1.jpg")
    (tmp_path / "images" / "3.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "images" / "4.jpg").symlink_to(tmp_path / "images" / "4.jpg")
    assert list_images(tmp_path / "images").files == ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]


def test_a_folder_named_like_an_image_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, ["a.jpg/1.jpg"])
    assert list_images(tmp_path).files == ["a.jpg/1.jpg"]


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"There is no folder .*absent"):
        list_images(tmp_path / "absent")


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    touch(tmp_path, ["a.jpg"])
    with pytest.raises(InvalidInputError, match=r"a\.jpg is a file, expected a folder"):
        list_images(tmp_path / "a.jpg")


def test_a_folder_that_cannot_be_listed_stops_the_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, ["a/1.jpg", "locked/2.jpg"])
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InvalidInputError, match="locked cannot be listed: Permission denied"):
        list_images(tmp_path)
