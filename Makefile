# What one can do here. Needs Python 3.11 or newer, pip and make; everything else is installed into .venv.
PYTHON ?= python3
PORT ?= 8000
SHELL := /bin/sh
INSTALL := "$(PYTHON)" requirements/install.py
VENV_PYTHON := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help run staff-password test check prove lint format lock screenshots clean clean-data

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1:  \2/p' Makefile

run: ## open the shop at http://127.0.0.1:8000 (PORT=8001 for another port); Ctrl-C closes it
	@$(INSTALL)
	@"$(PYTHON)" -P commercia/supervisor.py --port '$(PORT)' --check
	@$(INSTALL) base
	@$(VENV_PYTHON) -u manage.py prepare_shop
	@exec $(VENV_PYTHON) -P commercia/supervisor.py --port '$(PORT)'

staff-password: ## make a new random password for the staff login and print it once
	@$(INSTALL) base
	@$(VENV_PYTHON) manage.py staff_password

test: ## run the tests that need nothing but this checkout (ARGS='-k cart' to choose)
	@$(INSTALL) test
	@$(VENV_PYTHON) -m pytest -n 2 $(ARGS)

check: ## run everything that CI runs, services and browser included (CI installs what is missing on Debian, as root)
	@CI=true .ci/run

prove: ## run all tests with the long counts, services included (start them first: .ci/services)
	@$(INSTALL) services
	@PROVE=1 . .ci/service-urls; PROVE=1 $(VENV_PYTHON) -m pytest -n 2 -m 'not machine' $(ARGS)

lint: ## check format, rules, floors and templates
	@$(INSTALL) dev
	@.ci/lint $(VENV_PYTHON)

format: ## rewrite the Python files in the project's format
	@$(INSTALL) dev
	@$(VENV_PYTHON) -m ruff format . && $(VENV_PYTHON) -m ruff check --fix .

lock: ## rewrite the lock files from requirements/*.in
	@$(INSTALL) dev
	@PATH="$$PWD/.venv/bin:$$PATH" requirements/lock.sh

screenshots: ## take the pictures of the README anew (Chromium from Debian)
	@$(INSTALL) services
	@$(VENV_PYTHON) docs/take_screenshots.py

clean: ## remove .venv and caches; the shop's data in var/ stay
	@echo "Removing .venv, the caches of the tools and compiled Python. The shop's data in var/ stay."
	@rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data: ## remove var/: the shop's database, pictures, letters and secret key
	@echo "Removing var/: the embedded shop's database, pictures, letters and secret key."
	@rm -rf var
