# 大群团 Quntuan. `make` or `make help` lists the commands.
PYTHON ?= python3
RUN := .venv/bin/python -m
MINE := shared services deploy tests
.DEFAULT_GOAL := help
.PHONY: help up reset migrate provision doctor recount rebuild test faults containers images bundle check fmt docs install bench
.ONESHELL:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

help: ## 列出所有命令 / list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: ## 创建 .venv 并按锁文件安装 / make .venv, install exactly the lock
	@$(PYTHON) deploy/bootstrap.py

up: ## 启动整套系统,Ctrl-C 停止 / start everything, Ctrl-C stops it
	@$(PYTHON) deploy/bootstrap.py up
	exec $(RUN) deploy.cli up

reset: install ## 清空本机数据,先确认;YES=1 不问 / forget all local data after asking; YES=1: at once
	@exec $(RUN) deploy.cli reset $(if $(filter 1,$(YES)),--yes)

migrate: install ## 更新数据库结构 / bring the databases up to date
	@exec $(RUN) deploy.cli migrate

provision: install ## 更新消息总线,新组织即时加入 / update the bus, let newcomers join
	@exec $(RUN) deploy.cli provision

doctor: install ## 检查整套系统,说出异常和办法 / what is well, what is not, what to do
	@exec $(RUN) deploy.cli doctor

recount: install ## 同各组织对账并修复差异 / compare the hub with the owners, repair
	@exec $(RUN) deploy.cli recount

rebuild: install ## 从各组织重建协同平台,查询不中断,可续 / fill the hub anew while lookups go on
	@exec $(RUN) deploy.cli rebuild

test: install ## 全部测试,真实 PostgreSQL 与 NATS / all tests, real servers. T=tests/kit narrows
	@exec $(RUN) pytest -m "not docker and not planted" $(if $(T),$(T),-n $(or $(N),auto) --dist loadgroup --no-loadscope-reorder)

faults: install ## 随机强杀各进程,核对无一丢失 / kill processes at random, prove nothing is lost. KILLS=60
	@$(RUN) pytest -q -m planted tests/faults/kills
	exec $(RUN) tests.faults.kills --kills $(or $(KILLS),500) --operations $(or $(OPERATIONS),200000)

containers: install ## 在真实 Docker 上测试镜像与清单 / test images and manifests on a real Docker
	@exec $(RUN) pytest -m docker tests/containers

images: install ## 构建容器镜像,不用任何镜像仓库 / build the images without any registry
	@exec $(RUN) deploy.cli images

bench: install ## 量一量有多快,一张表 / how fast it is, one table. SIZE=city: five million. B=lookups narrows
	@exec $(RUN) deploy.bench $(B)

check: install ## 格式、类型、依赖规则、生成的文档 / format, types, never-rules, generated docs
	@$(RUN) ruff format --check $(MINE)
	$(RUN) ruff check $(MINE)
	$(RUN) mypy
	.venv/bin/lint-imports
	$(RUN) deploy.docs --check

bundle: install ## 离线安装包:镜像、清单、校验和 / images, manifests, checksums for a site without a network
	@exec $(RUN) deploy.cli bundle

docs: install ## 重新生成 docs/EVENTS.md 等 / generate docs/EVENTS.md and others again
	@exec $(RUN) deploy.docs

fmt: install ## 整理格式 / format the code
	@$(RUN) ruff format $(MINE)
	$(RUN) ruff check --fix-only --quiet $(MINE)
