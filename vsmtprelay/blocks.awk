# blocks.awk - the fenced blocks of pages as C strings: blocks_PAGE_WORD for each
# block that opens with ```WORD, of the pages that are named on the command line
function quoted(line) {
	gsub(/\\/, "&&", line)
	gsub(/"/, "\\\\&", line)
	gsub(/\t/, "\\t", line)
	return line
}
BEGIN { print "#include \"blocks.h\"\n" }
FNR == 1 {
	page = FILENAME
	sub(/.*\//, "", page)
	sub(/\.md$/, "", page)
	page = tolower(page)
	inside = 0
}
/^```/ && inside {
	inside = 0
	if (name != "")
		print "\t\"\";"
	next
}
/^```/ {
	inside = 1
	word = substr($0, 4)
	name = word ~ /^[a-z][-a-z0-9.]*$/ ? "blocks_" page "_" word : ""
	gsub(/[-.]/, "_", name)
	if (name in seen)
		name = ""
	if (name != "") {
		seen[name] = 1
		print "const char " name "[] ="
	}
	next
}
inside && name != "" { print "\t\"" quoted($0) "\\n\"" }
