"""What the command says and with which status it ends; in one line, without a traceback."""

import logging

import pytest

from etwidgets import cli, serve
from etwidgets.errors import FileFormatError, ParameterError, UnsafeFileError
from etwidgets.session import SAMPLES, error_text, run_batch


@pytest.fixture
def said(capsys, caplog):
    """Runs a command; gives its status, and what it wrote where errors go."""

    def run(*arguments):
        with caplog.at_level(logging.WARNING):
            status = cli.main(arguments)
        assert [record for record in caplog.records if record.exc_info] == []  # those would be tracebacks
        return status, capsys.readouterr().err

    return run


def test_a_missing_session_file_is_one_line(said, tmp_path):
    missing = tmp_path / "None of mine.json"
    status, text = said("run", str(missing), "--output", str(tmp_path))
    assert status == 2
    assert text == f"etwidgets: There is no session file {missing}\n"


def test_a_missing_series_is_told_once(said, tmp_path, capsys):
    from etwidgets.session import Session

    steps = Session().save(tmp_path / "work.json")
    status = cli.main(["run", str(steps), str(tmp_path / "needle.mrc"), "--output", str(tmp_path)])
    told = capsys.readouterr()
    assert status == 2
    assert "Traceback" not in told.out + told.err
    assert told.err.count("\n") == 1
    assert "needle.mrc" in told.err


def test_a_missing_file_for_the_page_is_one_line(said, tmp_path):
    status, text = said("app", str(tmp_path / "none.mrc"), "--no-browser")
    assert (status, text.count("\n")) == (2, 1)
    assert "none.mrc" in text


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ParameterError("size must be odd, not 4"), 2, "Size must be odd, not 4"),
        (PermissionError(13, "Permission denied", "/data/Wire.mrc"), 2, "/data/Wire.mrc: permission denied"),
        (OSError(5, "Input/output error", "/data/a.mrc"), 2, "/data/a.mrc: input/output error"),
        (FileNotFoundError(2, "No such file or directory", "wire.mrc"), 2, "There is no file wire.mrc"),
        (MemoryError(), 2, error_text(MemoryError())),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_every_end_is_one_line_and_a_status(said, monkeypatch, error, status, words):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(serve, "serve", fail)
    assert said("app") == (status, f"etwidgets: {words}\n")


def test_the_series_of_run_may_be_left_out_as_its_help_says(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["run"])
    assert end.value.code == 2
    assert "required: FILE\n" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    assert "(default: the series that" in capsys.readouterr().out


@pytest.mark.parametrize("port", ["99999", "65536", "-1", "http", "1.5"])
def test_a_port_that_is_none_is_refused_before_anything_begins(capsys, port):
    with pytest.raises(SystemExit) as end:
        cli.main(["app", f"--port={port}"])
    assert end.value.code == 2
    assert f"0 to 65535, not {port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileFormatError("wire.mrc is truncated"), "wire.mrc is truncated"),
        (FileFormatError("wire is not a session of etwidgets"), "wire is not a session of etwidgets"),
        (UnsafeFileError("../x.mrc lies outside the folder"), "../x.mrc lies outside the folder"),
        (FileExistsError("series_rec.hspy exists"), "series_rec.hspy exists"),
        (FileFormatError("the file is empty"), "The file is empty"),
        (FileNotFoundError("there is no file needle.mrc"), "There is no file needle.mrc"),
        (ParameterError("thickness must be at least 1"), "Thickness must be at least 1"),
        (ParameterError("x_start must be an integer"), "x_start must be an integer"),
        (ParameterError("'magic' is unknown"), "'magic' is unknown"),
        (ParameterError("59 projections"), "59 projections"),
        (ParameterError(""), "No further explanation"),
    ],
)
def test_names_of_files_and_parameters_keep_their_letters(error, words):
    assert error_text(error) == words


def test_an_unknown_ending_is_no_unexpected_error(tmp_path):
    from etwidgets.session import Session, TomoStackModel
    from etwidgets.signals import RecStack

    model = TomoStackModel()
    session = Session(model)
    model.set_trait("reconstruction", RecStack([[[1.0, 2.0], [3.0, 4.0]]]))
    session = Session(model)
    for what, name, known in (("figure", "a.xyz", "png"), ("volume", "a.xyz", ".hspy")):
        with pytest.raises(ParameterError, match=known) as told:
            session.save_data(what, tmp_path / name)
        assert "Unexpected" not in error_text(told.value)
    with pytest.raises(ParameterError, match="gif"):
        session.save_movie("x", tmp_path / "a.xyz")
    with pytest.raises(ParameterError, match=r"\.hspy"):
        run_batch(session.save(tmp_path / "work.json"), output=tmp_path, ending=".xyz")


def test_every_sample_can_be_named_and_no_other(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(serve, "serve", lambda _file, **options: asked.append(options["sample"]))
    for name in SAMPLES:
        assert cli.main(["app", "--sample", name]) == 0
    assert asked == ["needle", "needle (aligned)", "EDX needle", "catalyst", "catalyst (misaligned)"]
    with pytest.raises(SystemExit):
        cli.main(["app", "--sample", "needel"])
    assert "invalid choice: 'needel' (choose from" in capsys.readouterr().err
