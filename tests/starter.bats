#!/usr/bin/env bats
# The starters of the lessons: they compile, the grader sees that holes are open, and filling these is enough.

load helper

# compile NAME: a copy of lesson 01's starter in $T/NAME, compiled without a warning
compile() {
    make -s -C "$T/$1" >"$T/compiled" 2>&1 || fail 'it does not compile' "$(cat "$T/compiled")"
    assert_empty "$T/compiled" 'what the compiler says'
}

# fill PROGRAM 'HOLE' CODE...: puts the code where hole(N) is called, and takes out what the file says is to go
fill() {
    local program=$T/work/$1.c number=0 code
    shift
    for code; do
        number=$((number + 1))
        CODE=$code perl -i -0pe 's/^ *hole\('$number'\);\n/$ENV{CODE}\n/m or die "no hole '$number'\n"' "$program"
    done
    perl -i -0pe 's/^ *\(void\).*\n//mg; s/^[^\n]*\nstatic void hole.*?^}\n\n//ms' "$program"
    run ! grep "hole(" "$program"
}

@test "lesson 01: the starter compiles, says which hole is open, and is far from full marks" {
    cp -r "$ROOT/lessons/01-sockets/starter" "$T/work"
    compile work
    run ! "$T/work/tcp_server" 7000
    assert_equal "$output" 'tcp_server: hole 1 is not filled'
    NETSTEP_TIMEOUT_SCALE=0.5 run "$ROOT/tests/grade" --lesson 1 "$T/work"
    assert_equal "$status" 1 'exit status'
    assert_match "$output" 'hole 1 is not filled'
    assert_match "$output" 'total .* ([0-5]) of 19'
}

@test "lesson 01: with its holes filled the starter gets full marks" {
    cp -r "$ROOT/lessons/01-sockets/starter" "$T/work"
    fill tcp_server \
        'struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
         address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
         if (bind(listen_fd, (struct sockaddr *)&address, sizeof address) == -1) fail("bind");' \
        'if (listen(listen_fd, 16) == -1) fail("listen");' \
        'connection = accept(listen_fd, NULL, NULL); if (connection == -1) fail("accept");' \
        'ssize_t got; while ((got = read(connection, buffer, sizeof buffer)) > 0) { ' \
        'for (ssize_t at = 0; at < got;) {
             ssize_t n = write(connection, buffer + at, (size_t)(got - at));
             if (n == -1) { perror("write"); return; }
             at += n; } }' \
        'if (got == -1) perror("read"); else shutdown(connection, SHUT_WR);' \
        'close(connection);'
    fill tcp_client \
        'if (connect(connection, (struct sockaddr *)&server, sizeof server) == -1) fail("connect");' \
        'while (length > 0) {
             ssize_t n = write(fd, data, length);
             if (n == -1) fail("write");
             data += n; length -= (size_t)n; }' \
        'ssize_t got; while ((got = read(from, buffer, sizeof buffer)) > 0) write_all(to, buffer, (size_t)got);
         if (got == -1) fail("read");' \
        'shutdown(connection, SHUT_WR);' \
        'close(connection);'
    compile work
    run "$ROOT/tests/grade" --lesson 1 "$T/work"
    assert_equal "$status" 0 'exit status' || fail "$output"
    assert_match "$output" 'total .* 19 of 19'
}
