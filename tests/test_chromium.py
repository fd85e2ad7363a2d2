"""Without a browser the browser tests fail with the cure; they never skip."""

import pytest

from tests import chromium


def test_missing_browser_fails_with_the_cure(monkeypatch):
    tried = []
    monkeypatch.setattr(chromium, "installed", lambda: None)
    monkeypatch.setattr(chromium, "apt_install", lambda: tried.append("apt"))
    monkeypatch.setattr(chromium, "playwright_install", lambda: tried.append("playwright"))
    with pytest.raises(RuntimeError, match="apt-get install chromium"):
        chromium.find_chromium()
    assert tried == ["apt", "playwright"]


def test_installed_browser_is_not_installed_again(monkeypatch):
    monkeypatch.setattr(chromium, "installed", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(chromium, "apt_install", lambda: pytest.fail("installed again"))
    assert chromium.find_chromium() == "/usr/bin/chromium"


def test_packages_are_installed_by_root_only(monkeypatch):
    tried = []
    monkeypatch.setattr(chromium, "run", lambda *command: tried.append(command))
    monkeypatch.setattr(chromium.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 1000)
    chromium.apt_install()
    assert tried == []
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0)
    chromium.apt_install()
    assert [command[1] for command in tried] == ["update", "install"]
