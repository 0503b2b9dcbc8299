"""The gym: what is planted, what is said of methods, and what is shown."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from benchmarks import gym, gym_biases, gym_display
from benchmarks.gym_biases import BIASES
from benchmarks.gym_findings import COLUMNS, Change, Verdict, findings, gap_metric_of
from benchmarks.gym_findings import verdict_of as judged
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication.planted import planted_attributes, told
from fer_fairness.fabrication.writing import drawn_with
from fer_fairness.mitigation import post_methods, trained_methods
from fer_fairness.mitigation.trials import RULES, Choice, Trial
from fer_fairness.params.fabrication import FabricationParameters, PlantedBias
from fer_fairness.pipelines.variants.structure import CONTROL, DEMOGRAPHIC_CONTROL
from fer_fairness.taxonomy import EMOTIONS

SMALL = {
    "fer_plus": {"train": 8, "validation": 4, "test": 4},
    "raf_db": {"train": 8, "test": 4},
    "fairface": {"train": 3, "val": 2},
}


def parameters_of(name: str, layout: str = "fer_plus") -> gym_biases.Blocks:
    return gym_biases.parameters_for(BIASES[name], 3, layout=layout, quick=False)


def few_faces_of(name: str, layout: str = "fer_plus") -> gym_biases.Blocks:
    return gym_biases.merge(parameters_of(name, layout), {"fabrication": SMALL})


class TestBiases:
    @pytest.mark.parametrize("name", BIASES)
    def test_each_is_drawn_and_can_be_told(self, name: str) -> None:
        planted = parameters_of(name)["fabrication"]["planted"]
        wanted = FabricationParameters.model_validate(parameters_of(name)["fabrication"])
        assert PlantedBias.model_validate(planted) == wanted.planted == BIASES[name]
        assert planted_attributes(BIASES[name]) == ("race",)
        assert bool(told(BIASES[name])) == (name != "none")

    def test_every_method_takes_part_and_looks_at_the_planted_attribute(self) -> None:
        planted = PlantedBias(image_quality_by_group={"gender": {"male": 0.3}})
        parameters = gym_biases.parameters_for(planted, 2, quick=False)
        structure = gym_biases.structure_for(parameters, [])
        taking_part = {variant.method for variant in structure.variants}
        known: dict[str, type] = {**trained_methods(), **post_methods()}
        assert taking_part == {known[name] for name in known if name != DEMOGRAPHIC_CONTROL}
        for variant in structure.variants:
            if "attribute" in variant.method.model_fields:
                assert parameters[variant.name]["attribute"] == "gender", variant.name
        assert parameters["demographic_augmentation"]["augmentation"]["by"] == ["emotion", "gender"]
        assert structure.seeds == (0, 1)

    def test_the_labeller_learns_as_many_faces_of_each_group_that_is_there(self) -> None:
        shares = {"race": {"white": 0.8, "indian": 0.2}, "gender": {"female": 1.0}}
        drawn = gym_biases.parameters_for(PlantedBias(group_shares=shares), 1, quick=True)
        fairface = FabricationParameters.model_validate(drawn["fabrication"]).fairface
        assert fairface.group_shares == {"race": {"white": 0.5, "indian": 0.5}}
        assert fairface.train == 600

    def test_some_methods_bring_the_control_with_them(self) -> None:
        structure = gym_biases.structure_for(parameters_of("none"), ["focal"])
        assert structure.names == ("baseline", CONTROL, "focal")

    def test_a_bias_of_ones_own_is_read_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "more.yml"
        file.write_text("old: {label_noise_by_group: {age_group: {70+: 0.5}}}")
        (planted,) = gym_biases.biases_of(["old"], file).values()
        assert planted_attributes(planted) == ("age_group",)
        assert list(gym_biases.biases_of([], file)) == [*BIASES, "old"]

    @pytest.mark.parametrize(
        "text", ["a: {image_quality_by_group: {race: {black: 3}}}", "- a", "a: [", "", "a: 1"]
    )
    def test_a_file_without_biases_is_named(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "more.yml"
        file.write_text(text)
        with pytest.raises(InvalidInputError, match=r"more\.yml(: the bias a: .*| does not hold )"):
            gym_biases.biases_of([], file)

    def test_an_unknown_name_is_told_with_those_that_there_are(self) -> None:
        with pytest.raises(
            InvalidInputError,
            match=r"called qualty\. Did you mean quality\? There are none,",
        ):
            gym_biases.biases_of(["qualty"])

    def test_faces_are_drawn_once_and_other_ones_are_not_taken_for_them(
        self, tmp_path: Path
    ) -> None:
        parameters = few_faces_of("quality")
        gym_biases.fabricate_faces(tmp_path, parameters)
        truth = tmp_path / "data/01_raw/fer_plus/truth.parquet"
        drawn = truth.stat().st_mtime_ns
        gym_biases.fabricate_faces(tmp_path, parameters)
        assert truth.stat().st_mtime_ns == drawn
        assert drawn_with(truth.parent).planted == BIASES["quality"]
        with pytest.raises(InvalidInputError, match="another --out"):
            gym_biases.fabricate_faces(tmp_path, few_faces_of("none"))

    def test_the_configuration_of_a_root_lies_in_it(self, tmp_path: Path) -> None:
        conf = gym_biases.write_conf(tmp_path, parameters_of("quality"))
        globals_ = yaml.safe_load((conf / "gym/globals.yml").read_text())
        assert globals_["demographic_dataset"] == "fer_plus"
        assert globals_["data_root"] == str(tmp_path / "data")
        written = yaml.safe_load((conf / "gym/parameters_gym.yml").read_text())
        assert written == parameters_of("quality")
        assert sorted(path.name for path in conf.iterdir()) == ["base", "gym", "logging.yml"]


def change(difference: float, *, found: bool = False, half: float = 0.05) -> Change:
    return Change(difference, difference - half, difference + half, found)


NONE = change(0.0, half=0.01)
UNSURE = change(-0.03)
FALLS, RISES = change(-0.1, found=True), change(0.1, found=True)


class TestVerdict:
    @pytest.mark.parametrize(
        ("gap", "mean_recall", "worst", "expected"),
        [
            (FALLS, NONE, RISES, Verdict.NARROWS),
            (FALLS, UNSURE, RISES, Verdict.NARROWS_AT_A_COST),
            (FALLS, FALLS, UNSURE, Verdict.NARROWS_AT_A_COST),
            (FALLS, UNSURE, FALLS, Verdict.NARROWS_AT_A_COST),
            (UNSURE, UNSURE, FALLS, Verdict.COSTS),
            (NONE, FALLS, RISES, Verdict.COSTS),
            (NONE, RISES, NONE, Verdict.SERVES_BETTER),
            (UNSURE, NONE, RISES, Verdict.SERVES_BETTER),
            (UNSURE, UNSURE, RISES, Verdict.MIXED),
            (RISES, RISES, RISES, Verdict.WIDENS),
            (NONE, NONE, NONE, Verdict.NOTHING),
            (NONE, NONE, UNSURE, Verdict.CANNOT_TELL),
            (UNSURE, NONE, NONE, Verdict.CANNOT_TELL),
        ],
    )
    def test_follows_from_what_is_found(
        self, gap: Change, mean_recall: Change, worst: Change, expected: Verdict
    ) -> None:
        assert judged(gap, mean_recall, worst, level_down=False) is expected

    def test_a_gap_that_closed_by_loss_alone_costs(self) -> None:
        assert judged(FALLS, NONE, NONE, level_down=True) is Verdict.NARROWS_AT_A_COST

    def test_what_is_not_defined_cannot_be_told(self) -> None:
        undefined = Change(np.nan, np.nan, np.nan, found=False)
        assert judged(undefined, NONE, NONE, level_down=False) is Verdict.CANNOT_TELL

    @given(st.tuples(*[st.floats(-1, 1)] * 3), st.floats(0.021, 1))
    def test_nothing_is_said_of_wide_intervals_without_a_finding(
        self, differences: tuple[float, float, float], half: float
    ) -> None:
        found = [change(difference, half=half) for difference in differences]
        assert judged(found[0], found[1], found[2], level_down=False) is Verdict.CANNOT_TELL


def test_where_only_emotions_are_rare_the_gap_is_that_of_mean_recall() -> None:
    rare = {"race": {"black": {"sadness": 0.1}}}
    assert gap_metric_of(PlantedBias(emotion_by_group=rare)) == "balanced_accuracy_gap"
    in_training = PlantedBias(emotion_by_group=rare, emotion_splits=("train",))
    assert gap_metric_of(in_training) == "accuracy_gap"
    assert {gap_metric_of(planted) for planted in BIASES.values()} == {"accuracy_gap"}


GROUPS = ("white", "black", "east_asian")


def predictions(right: Mapping[str, float], *, seed: int) -> pd.DataFrame:
    """Made-up predictions of 1,440 faces of which a group has such shares right."""
    generator = np.random.default_rng(seed)
    emotion = np.tile(EMOTIONS, 180)
    group = np.repeat(GROUPS, 480)
    wrong = np.array(EMOTIONS)[(np.tile(range(8), 180) + 1) % 8]
    is_right = generator.random(1440) < np.array([right[name] for name in group])
    return pd.DataFrame(
        {
            "sample_id": [f"face_{number}" for number in range(1440)],
            "emotion": emotion,
            "predicted_emotion": np.where(is_right, emotion, wrong),
        }
    )


TRUTH = pd.DataFrame(
    {
        "sample_id": [f"face_{number}" for number in reversed(range(1440))],
        "race": np.repeat(GROUPS[::-1], 480),
        "gender": ["male", "female"] * 720,
    }
)


def made_up(**by_variant: Mapping[str, float]) -> dict[str, dict[int, pd.DataFrame]]:
    return {
        name: {seed: predictions(right, seed=seed + 7 * place) for seed in range(5)}
        for place, (name, right) in enumerate(by_variant.items())
    }


LEFT_BEHIND = {"white": 0.9, "black": 0.6, "east_asian": 0.9}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    frames = made_up(
        as_before=LEFT_BEHIND,
        continued_training=LEFT_BEHIND,
        helps={"white": 0.9, "black": 0.85, "east_asian": 0.9},
        harms={"white": 0.9, "black": 0.4, "east_asian": 0.9},
        takes_away={"white": 0.6, "black": 0.6, "east_asian": 0.6},
    )
    labelled = TRUTH.assign(race=TRUTH["race"].where(TRUTH.index % 10 > 0, "white"))
    found = findings("quality", frames, TRUTH, BIASES["quality"], labelled)
    return found.assign(settings=np.where(found["variant"] == "helps", "tau=1.5", ""))


class TestFindings:
    def test_methods_are_judged_by_the_groups_of_the_truth(self, table: pd.DataFrame) -> None:
        assert list(table.columns) == [*COLUMNS, "settings"]
        verdicts = dict(zip(table["variant"], table["verdict"], strict=True))
        assert verdicts.pop("as_before") in (Verdict.CANNOT_TELL, Verdict.NOTHING)
        assert verdicts == {
            "helps": Verdict.NARROWS,
            "takes_away": Verdict.NARROWS_AT_A_COST,
            "harms": Verdict.WIDENS,
        }
        assert table["variant"].iloc[0] == "helps"
        assert table["variant"].iloc[-1] == "harms"

    def test_the_gap_under_the_control_is_that_of_the_made_up_people(
        self, table: pd.DataFrame
    ) -> None:
        assert table["control_gap"].to_numpy() == pytest.approx(0.3, abs=0.05)
        assert (table["control_gap_ci_low"] > 0.15).all()
        assert (table["control_gap_ci_high"] < 0.45).all()
        helps = table.set_index("variant").loc["helps"]
        assert helps["gap_change"] == pytest.approx(-0.25, abs=0.06)
        assert helps["gap_ci_low"] < helps["gap_change"] < helps["gap_ci_high"] < 0
        assert helps["mean_recall_change"] == pytest.approx(0.25 / 3, abs=0.03)

    def test_a_bias_by_two_attributes_has_rows_of_both(self) -> None:
        planted = PlantedBias(
            image_quality_by_group={"race": {"black": 0.4}},
            label_noise_by_group={"gender": {"male": 0.4}},
        )
        frames = made_up(continued_training=LEFT_BEHIND, same=LEFT_BEHIND)
        found = findings("both", frames, TRUTH, planted, TRUTH)
        assert list(found["attribute"]) == ["gender", "race"]
        assert "both gender" in str(
            [label.get_text() for label in gym_display.heat_map(found).axes[0].get_xticklabels()]
        )

    def test_one_group_alone_has_no_gap_and_no_verdict(self) -> None:
        frames = made_up(continued_training=LEFT_BEHIND, same=LEFT_BEHIND)
        found = findings("alone", frames, TRUTH.assign(race="black"), BIASES["quality"], TRUTH)
        assert list(found["verdict"]) == [Verdict.CANNOT_TELL]

    def test_the_control_alone_gives_no_rows(self) -> None:
        frames = made_up(continued_training=LEFT_BEHIND)
        found = findings("none", frames, TRUTH, BIASES["none"], TRUTH)
        assert found.empty
        assert gym_display.markdown(found.assign(settings="")) == ""


class TestShown:
    def test_what_is_found_stands_out(self, table: pd.DataFrame) -> None:
        lines = gym_display.markdown(table).splitlines()
        assert lines[0] == "## quality: image quality: black (strength 0.6 of 1), by race"
        assert lines[2].startswith("Under continued training: an accuracy gap of 29.0 points (2")
        assert "told black of 90 % of black, east_asian of 90 % of east_asian, white of" in lines[2]
        (helps,) = [line for line in lines if line.startswith("| Helps |")]
        (as_before,) = [line for line in lines if "As before" in line]
        assert "| **-2" in helps
        assert helps.endswith(" | narrows the gap | tau=1.5 |")
        assert as_before in ("Does nothing (1): As before.", "Cannot tell (1): As before.")
        assert lines[3].startswith("Found in 8 of 10 such studies would be a change of ")
        assert "nan" not in lines[3]
        assert lines[5] == (
            "**Recommended: Helps (narrows the gap). To be weighed: Takes away (narrows the gap, "
            "perhaps at a cost). Advised against: Harms (widens the gap).**"
        )

    def test_where_all_are_quiet_there_is_no_table(self, table: pd.DataFrame) -> None:
        quiet = [table.iloc[:1].assign(variant=name) for name in ("jtt", "abstention", "gone")]
        verdicts = [Verdict.NOTHING, Verdict.NOTHING, Verdict.CANNOT_TELL]
        lines = gym_display.markdown(pd.concat(quiet).assign(verdict=verdicts)).splitlines()
        assert not [line for line in lines if line.startswith("|")]
        assert lines[-3:] == ["Does nothing (2): Abstention, JTT.", "", "Cannot tell (1): Gone."]

    def test_where_nothing_is_found_nothing_is_recommended(self, table: pd.DataFrame) -> None:
        harms = table[table["variant"] == "harms"].assign(variant="baseline")
        unclear = pd.concat([table[table["variant"] == "as_before"], harms])
        assert gym_display.recommendation(unclear) == (
            "No method is found to narrow the gap. Recommended: nothing that was tried."
        )

    def test_the_heat_map_has_a_panel_an_outcome_and_a_number_a_cell(
        self, table: pd.DataFrame
    ) -> None:
        both = pd.concat([table, table.assign(bias="none").iloc[:2]], ignore_index=True)
        panels = gym_display.heat_map(both).axes
        assert [len(panel.texts) for panel in panels] == [6, 6, 6]

    def test_better_is_of_one_colour_whichever_way_a_number_goes(self, table: pd.DataFrame) -> None:
        gap, recall, worst = gym_display.heat_map(table).axes
        place = sorted(table["variant"]).index("helps")
        colours = [
            np.asarray(panel.images[0].get_array())[place, 0] for panel in (gap, recall, worst)
        ]
        assert min(colours) > 0


class TestEarlierFindings:
    def test_biases_without_findings_now_stay_as_they_were_written_and_where(
        self, table: pd.DataFrame, tmp_path: Path
    ) -> None:
        nothing = table.assign(bias="null", planted="", groups_told="", settings="")
        for found in (nothing, table.iloc[:1], table.iloc[:0], nothing, table):
            gym.write(found, tmp_path)
        both = gym.earlier_findings(tmp_path / "gym.csv")
        expected = pd.concat([nothing, table], ignore_index=True)
        pd.testing.assert_frame_equal(both, expected, check_dtype=False)
        text = (tmp_path / "gym.md").read_text()
        assert text == "\n".join(map(gym_display.markdown, (nothing, table)))

    def test_a_bias_alone_is_read_as_it_was_written(
        self, table: pd.DataFrame, tmp_path: Path
    ) -> None:
        nothing = table.assign(planted="", settings="")
        gym.write(nothing, tmp_path)
        earlier = gym.earlier_findings(tmp_path / "gym.csv")
        pd.testing.assert_frame_equal(earlier, nothing, check_dtype=False)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("bias,verdict\nquality,does nothing\n", r"has the columns bias, verdict: expected "),
            ("", r"is no table: No columns"),
        ],
    )
    def test_another_table_is_refused(self, tmp_path: Path, text: str, told: str) -> None:
        (tmp_path / "gym.csv").write_text(text)
        with pytest.raises(InvalidInputError, match=rf"gym\.csv {told}"):
            gym.earlier_findings(tmp_path / "gym.csv")


@pytest.mark.parametrize("layout", gym_biases.LAYOUTS)
def test_what_failed_or_is_missing_is_not_compared(tmp_path: Path, layout: str) -> None:
    root = tmp_path / "quality"
    gym_biases.fabricate_faces(root, few_faces_of("quality", layout))
    truth = pd.read_parquet(root / "data/01_raw" / layout / "truth.parquet")
    methods = ["focal", "mixup", "vrex", "mmd"]
    structure = gym_biases.structure_for(parameters_of("quality"), methods)
    test = truth[(truth["split"] == "test") & truth["true_emotion"].notna()]
    for variant, seeds in {CONTROL: 3, "focal": 3, "mixup": 2, "vrex": 3, "mmd": 3}.items():
        for seed in structure.seeds[:seeds]:
            folder = root / "data/07_model_output" / structure.namespace(variant, seed)
            folder.mkdir(parents=True)
            test.assign(emotion=test["true_emotion"], predicted_emotion="anger")[
                ["sample_id", "emotion", "predicted_emotion"]
            ].to_parquet(folder / f"{layout}_test_predictions.parquet")
    for variant, start in {CONTROL: "ours", "focal": "ours", "mmd": "theirs"}.items():
        for seed in structure.seeds:
            folder = root / "data/06_models" / structure.namespace(variant, seed)
            folder.mkdir(parents=True)
            record = json.dumps({"start_fingerprint": start})
            (folder / "training_record.json").write_text(record)
    trials = [Trial(settings={}, scores=None), Trial(settings={"gamma": 5})]
    choice = Choice(
        rule="mean_recall", n_asked=2, chosen=1, by_rule=dict.fromkeys(RULES, 1), trials=trials
    )
    (root / "data/06_models/focal/trials.json").write_text(choice.model_dump_json())
    labelled = root / "data/05_model_input" / layout
    labelled.mkdir(parents=True)
    test.to_parquet(labelled / "test_labelled_faces.parquet")
    found = gym.found(root, structure, {"quality/vrex": "exit status 1"}, layout)
    assert list(found["variant"]) == ["focal"]
    assert list(found["settings"]) == ["gamma=5"]
    gym.write(found, tmp_path)
    assert {path.name for path in tmp_path.glob("gym.*")} == {"gym.csv", "gym.md", "gym.png"}
    nothing = gym.found(root, structure, {f"quality/{CONTROL}": "exit status 1"}, layout)
    assert nothing.empty


def test_a_failing_method_is_named_with_its_log_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Done:
        def __init__(self, returncode: int) -> None:
            self.returncode = returncode

    def run(words: list[str], **options: object) -> Done:
        assert "--only-missing-outputs" in words
        log = options["stdout"]
        failing = "focal" in words[-1].rpartition("=")[2].split(";")
        if failing:
            log.write("started\nThe loss is not a number.\n")  # type: ignore[attr-defined]
        return Done(1 if failing else 0)

    monkeypatch.setattr("subprocess.run", run)
    parameters = few_faces_of("none")
    structure = gym_biases.structure_for(parameters, ["focal", "mixup"])
    old = tmp_path / "none/logs/focal_then_offsets.log"
    old.parent.mkdir(parents=True)
    old.write_text("completed")
    failed = gym.run_bias(tmp_path / "none", parameters, structure, "SequentialRunner")
    assert list(failed) == ["none/focal"]
    assert "The loss is not a number." in failed["none/focal"]
    assert not old.exists()
