"""WeChat's simulator in this process, for the tests that ask it."""

from sharing.conftest import platform, platform_folder

__all__ = ["platform", "platform_folder"]
