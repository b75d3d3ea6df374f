# lint.mk - make lint: what machines can say about the sources and the manuals
#
# The compiler's warnings are errors in every build (config.mk), so lint begins with one.  make format mends what lint-format
# finds.

LINT_HEADERS = $(sort $(wildcard lib/*/*.h lib/*/*/*.h vsmtprelay/*.h vnewspammers/*.h popwatch/*.h popwatch/*/*.h relayguard/*.h pam_relaydb/*.h tests/*/*.h))
LINT_FLAGS = $(CPPFLAGS_ALL) -Ilib/relaydb/hash -Ilib/common -Ilib/daemon -Ilib/rules -Ivsmtprelay -Ivnewspammers $(POPWATCH_ROOMS:%=-I%) -Irelayguard

lint: all lint-format lint-cppcheck lint-tidy lint-manuals

# other versions of clang-format want another layout of the same .clang-format
FORMAT_VERSION = 14
lint-format:
	@version=$$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/'); \
	if [ "$$version" = $(FORMAT_VERSION) ]; then \
		clang-format --dry-run -Werror $(LINT_SOURCES) $(LINT_HEADERS); \
	else \
		echo "lint: the layout is not checked: it is that of clang-format $(FORMAT_VERSION) (Debian 12)," \
			"and here is $${version:-none}"; \
	fi

format:
	clang-format -i $(LINT_SOURCES) $(LINT_HEADERS)

# HASH_ITER is uthash's, which cppcheck does not read; a test may die where memory or files are short
lint-cppcheck:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j2 \
		'-DHASH_ITER(hh,head,el,tmp)=while (((el) = (tmp) = (head)) != NULL)' \
		--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
		'--suppress=nullPointerOutOf*:tests/*' '--suppress=nullPointerOutOf*:fuzz/*' $(LINT_FLAGS) $(LINT_SOURCES)

# a file at a time: with several the analyzer of clang 14 forgets what a va_list is
lint-tidy:
	printf '%s\n' $(LINT_SOURCES) | xargs -P 2 -I '{}' clang-tidy --quiet '{}' -- -std=c17 $(LINT_FLAGS) 2>/dev/null

lint-manuals:
	mandoc -Tlint -W warning $(MANUALS)

# what the build knows, one a line: C files and the rules.mk of each directory
sources:
	@printf '%s\n' $(LINT_SOURCES) $(filter %/rules.mk,$(MAKEFILE_LIST))

.PHONY: sources format lint-format lint-cppcheck lint-tidy lint-manuals
