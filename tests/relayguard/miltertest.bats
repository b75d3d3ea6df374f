# miltertest.bats - the milter protocol, by scripts for miltertest(8): a client
# that knows nothing of ours
#
# enclosure: miltertest

load ../lib/test
load guard

script() {	# script: standard input is Lua, with the connection in `conn'
	{
		printf '%s\n' "conn = mt.connect('unix:$DIR/run/milter')" 'if conn == nil then error "no connection" end' \
			'function expect(code, what)' \
			'	if mt.getreply(conn) ~= code then error(what .. ": reply " .. mt.getreply(conn)) end' 'end'
		cat
		echo 'mt.disconnect(conn)'
	} >"$DIR/script.lua"
	run miltertest -s "$DIR/script.lua"
	[ "$status" = 0 ] || fail "$output"
}

@test "a session: noto, allow, a second message; deny and every later command" {
	prepare $'noto:ALL:ALL:bad@*:550 5.7.1 no\ndeny:ALL:ALL:worse@*:554 5.7.1 away\nallow:ALL:ALL:ALL'
	start_guard
	script <<-'END'
		mt.conninfo(conn, "mx.example.org", "192.0.2.1")
		mt.mailfrom(conn, "<a@example.org>")
		expect(SMFIR_CONTINUE, "mail")
		mt.rcptto(conn, "<bad@example.com>")
		expect(SMFIR_REPLYCODE, "rcpt bad")
		mt.rcptto(conn, "<good@example.com>", "NOTIFY=NEVER")
		expect(SMFIR_CONTINUE, "rcpt good")
		mt.abort(conn)
		mt.mailfrom(conn, "<>")
		expect(SMFIR_CONTINUE, "second mail")
		mt.rcptto(conn, "<worse@example.com>")
		expect(SMFIR_REPLYCODE, "rcpt worse")
		mt.rcptto(conn, "<good@example.com>")
		expect(SMFIR_REPLYCODE, "rcpt after deny")
		mt.mailfrom(conn, "<>")
		expect(SMFIR_REPLYCODE, "mail after deny")
	END
	stop_guard
}

@test "a tag: one field, at the end of the message" {
	prepare 'tag:ALL:ALL:ALL:from %I'
	start_guard
	script <<-'END'
		mt.conninfo(conn, "mx.example.org", "192.0.2.1")
		mt.mailfrom(conn, "<a@example.org>")
		mt.rcptto(conn, "<b@example.com>")
		expect(SMFIR_CONTINUE, "rcpt")
		mt.header(conn, "X-Spam-Warning", "forged")
		mt.eom(conn)
		expect(SMFIR_CONTINUE, "end of message")
		if not mt.eom_check(conn, MT_HDRCHANGE, "X-Spam-Warning") then error "the forged one stays" end
		if not mt.eom_check(conn, MT_HDRINSERT, "X-Spam-Warning", "from 192.0.2.1", 0) then error "no tag" end
	END
	stop_guard
}
