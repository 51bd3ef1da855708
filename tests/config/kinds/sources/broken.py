import a_distribution_that_is_not_installed  # type: ignore[import-not-found]  # noqa: F401
