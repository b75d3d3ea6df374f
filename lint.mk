# lint.mk - make lint: what machines can say about the sources and the manuals
#
# The compiler's warnings are errors in every build (config.mk), so lint begins with one.  How the sources look is
# .clang-format's word for new code; it is not enforced, since it knows nothing of comments behind a tab.

LINT_FLAGS = $(CPPFLAGS_ALL) -Ilib/common -Ivsmtprelay -Ipopwatch

lint: all lint-cppcheck lint-tidy lint-manuals

# HASH_ITER is uthash's, which cppcheck does not read
lint-cppcheck:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j2 \
		'-DHASH_ITER(hh,head,el,tmp)=while (((el) = (tmp) = (head)) != NULL)' \
		--suppress=missingIncludeSystem $(LINT_FLAGS) $(LINT_SOURCES)

# a file at a time: with several the analyzer of clang 14 forgets what a va_list is
lint-tidy:
	printf '%s\n' $(LINT_SOURCES) | xargs -P 2 -I '{}' clang-tidy --quiet '{}' -- -std=c17 $(LINT_FLAGS) 2>/dev/null

lint-manuals:
	mandoc -Tlint -W warning $(MANUALS)

.PHONY: lint-cppcheck lint-tidy lint-manuals
