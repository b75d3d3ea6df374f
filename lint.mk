# lint.mk - make lint: what machines can say about the sources and the manuals
#
# The compiler's warnings are errors in every build (config.mk), so lint begins with
# one.  make format fixes what lint-format finds.

LINT_HEADERS = $(sort $(wildcard lib/*/*.h lib/*/*/*.h vsmtprelay/*.h vnewspammers/*.h popwatch/*.h popwatch/*/*.h relayguard/*.h relaymirror/*.h pam_relaydb/*.h tests/*/*.h))
LINT_FLAGS = $(CPPFLAGS_ALL) $(RELAYDB_ROOMS:%=-I%) -Ilib/common -Ilib/daemon -Ilib/rules -Ivsmtprelay -Ivnewspammers $(POPWATCH_ROOMS:%=-I%) -Irelayguard -Irelaymirror

lint: all lint-width lint-format lint-cppcheck lint-tidy lint-manuals

# other versions want another layout of the same .clang-format, and clang-tidy
# has other checks in each; $(call with_llvm,TOOL,COMMAND) says when that is so
LLVM_VERSION = 14
with_llvm = version=$$($(1) --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -n 1); \
	if [ "$$version" = $(LLVM_VERSION) ]; then $(2); else \
		echo "lint: nothing is asked of $(1): its version $(LLVM_VERSION) decides (Debian 12)," \
			"and here is $${version:-none}"; \
	fi

lint-format:
	@$(call with_llvm,clang-format,clang-format --dry-run -Werror $(LINT_SOURCES) $(LINT_HEADERS))

format:
	clang-format -i $(LINT_SOURCES) $(LINT_HEADERS)

# HASH_ITER is uthash's, which cppcheck does not read; POSIX says that NULL is a
# pointer, which varFuncNullUB doubts; a test may die where memory or files are
# short
lint-cppcheck:
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j2 \
		'-DHASH_ITER(hh,head,el,tmp)=while (((el) = (tmp) = (head)) != NULL)' \
		--suppress=missingIncludeSystem --suppress=varFuncNullUB --suppress=normalCheckLevelMaxBranches \
		$(foreach where,tests fuzz bench,'--suppress=nullPointerOutOfMemory:$(where)/*' \
			'--suppress=nullPointerOutOfResources:$(where)/*') $(LINT_FLAGS) $(LINT_SOURCES)

# a file at a time: with several the analyzer of clang 14 forgets what a va_list is
lint-tidy:
	@$(call with_llvm,clang-tidy,printf '%s\n' $(LINT_SOURCES) | xargs -P 2 -I '{}' clang-tidy --quiet '{}' -- -std=c17 $(LINT_FLAGS) 2>/dev/null)

# code 100 columns, comments 80
lint-width:
	@! find lib vsmtprelay vnewspammers popwatch relayguard relaymirror pam_relaydb \
		tests bench fuzz -name '*.[ch]' | while read -r file; do \
		expand "$$file" | awk -v file="$$file" ' \
			length > 100 || (length > 80 && /^ *(\/\*|\* [^(])/ && !/;$$/) { print file ":" NR ": too wide" }'; \
	done | grep .

lint-manuals:
	mandoc -Tlint -W warning $(MANUALS)

# what the build knows, one a line: C files and the rules.mk of each directory
sources:
	@printf '%s\n' $(LINT_SOURCES) $(filter %/rules.mk,$(MAKEFILE_LIST))

.PHONY: sources format lint-width lint-format lint-cppcheck lint-tidy lint-manuals
