/* chat.c: what a line means.
 *
 *     /name NAME       /msg NAME TEXT       /who       /leave       anything else goes to all
 *
 * What the server itself says begins with "* ", which no client's line can: there a name and a colon come first. */
#include "chat.h"

#include "plain.h"
#include "send.h"
#include "utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHO_MAX = 32 * 1024, SHOWN = 60 };

/* Bytes of a message: it may hold a zero, so it is no C string. */
struct text {
    const char *bytes;
    size_t length;
};

static struct iovec part(const char *bytes, size_t length)
{
    struct iovec made = {.iov_len = length};
    memcpy(&made.iov_base, &bytes, sizeof bytes); /* iov_base has no const; it is only read */
    return made;
}

void chat_join(struct server *server, struct client *client)
{
    client->phase = PHASE_OPEN;
    table_name_guest(&server->table, client);
    tell(server, client, "* you are %s; /name NAME changes that, /who lists, /msg NAME TEXT to one, /leave",
         client->name);
    tell_all(server, client, "* %s is here", client->name);
}

void chat_leave(struct server *server, struct client *client, const char *why)
{
    narrate_say(server->narrator, "%s %s has left: %s", client->address, client->name, why);
    client->phase = PHASE_ENDING; /* before the others are told: it is not one of them */
    if (!server->ending)
        tell_all(server, client, "* %s has left", client->name);
    client->name[0] = '\0';
}

/* Takes the next word off `rest`, and the blank behind it. */
static struct text next_word(struct text *rest)
{
    struct text word = *rest;
    const char *blank = rest->length > 0 ? memchr(rest->bytes, ' ', rest->length) : NULL;
    if (blank != NULL)
        word.length = (size_t)(blank - rest->bytes);
    size_t taken = word.length + (blank != NULL ? 1 : 0);
    rest->bytes += taken;
    rest->length -= taken;
    return word;
}

static bool is_word(struct text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.bytes, word, text.length) == 0;
}

/* Beyond ASCII there are letters, and signs that look like none or like a blank; without a table of all characters,
 * these blocks are refused: controls and Latin signs, punctuation and symbols, surrogates' neighbours, the rest beyond.
 */
static bool may_be_in_name(uint32_t character)
{
    if (character < 0x80)
        return isalnum((int)character) || character == '_' || character == '-';
    return (character >= 0xc0 && character < 0x2000) || (character >= 0x2c00 && character < 0x2e00) ||
           (character >= 0x3005 && character < 0xd800) || (character >= 0xf900 && character < 0xfe00) ||
           (character >= 0xff10 && character < 0xffe0) || (character >= 0x20000 && character < 0x32000);
}

/* `name` is UTF-8: the message was checked. */
static bool is_name(struct text name)
{
    struct utf8 utf8 = {0};
    size_t characters = 0;
    for (size_t i = 0; i < name.length; i++) {
        utf8_take(&utf8, (uint8_t)name.bytes[i]);
        if (utf8.missing == 0 && (!may_be_in_name(utf8.character) || ++characters > NAME_CHARACTERS))
            return false;
    }
    return characters > 0;
}

static void change_name(struct server *server, struct client *client, struct text name)
{
    char old[NAME_SIZE];
    while (name.length > 0 && name.bytes[name.length - 1] == ' ')
        name.length--;
    if (!is_name(name)) {
        tell(server, client, "* a name has 1 to %d letters, digits, _ and -", NAME_CHARACTERS);
        return;
    }
    const struct client *owner = table_find(&server->table, name.bytes, name.length);
    if (owner != NULL) {
        if (owner == client)
            tell(server, client, "* you are %s", client->name);
        else
            tell(server, client, "* the name %s is taken", owner->name);
        return;
    }
    strcpy(old, client->name);
    memcpy(client->name, name.bytes, name.length);
    client->name[name.length] = '\0';
    narrate_say(server->narrator, "%s %s is now %s", client->address, old, client->name);
    tell_all(server, NULL, "* %s is now %s", old, client->name);
}

static void send_to_one(struct server *server, struct client *client, struct text rest)
{
    struct text name = next_word(&rest);
    struct client *receiver = table_find(&server->table, name.bytes, name.length);
    if (name.length == 0 || rest.length == 0) {
        tell(server, client, "* /msg NAME TEXT");
        return;
    }
    if (receiver == NULL) {
        if (is_name(name))
            tell(server, client, "* there is no %.*s here", (int)name.length, name.bytes);
        else
            tell(server, client, "* there is nobody of that name here");
        return;
    }
    struct iovec there[] = {part(client->name, strlen(client->name)), part(" (to you): ", 11),
                            part(rest.bytes, rest.length)};
    struct iovec back[] = {part("to ", 3), part(receiver->name, strlen(receiver->name)), part(": ", 2),
                           part(rest.bytes, rest.length)};
    struct shared *frame = frame_of(OP_TEXT, there, 3);
    send_message(server, receiver, frame);
    shared_release(frame);
    frame = frame_of(OP_TEXT, back, 4);
    send_message(server, client, frame);
    shared_release(frame);
    narrate_say(server->narrator, "%s %s tells %s %zu bytes", client->address, client->name, receiver->name,
                rest.length);
}

/* "* here: A, B, C", as far as it is a message of a decent size. */
static void list_names(struct server *server, struct client *client)
{
    size_t left_out = 0, used = 0;
    char *list = malloc(WHO_MAX), more[64];
    if (list == NULL)
        return;
    for (const struct client *other = server->table.first; other != NULL; other = other->next) {
        size_t length = strlen(other->name);
        if (other->phase != PHASE_OPEN)
            continue;
        if (used + length + 2 > WHO_MAX) {
            left_out++;
            continue;
        }
        memcpy(list + used, used > 0 ? ", " : "", used > 0 ? 2 : 0);
        used += used > 0 ? 2 : 0;
        memcpy(list + used, other->name, length);
        used += length;
    }
    int length = left_out > 0 ? snprintf(more, sizeof more, " and %zu more", left_out) : 0;
    struct iovec parts[] = {part("* here: ", 8), part(list, used), part(more, (size_t)length)};
    struct shared *frame = frame_of(OP_TEXT, parts, 3);
    send_message(server, client, frame);
    shared_release(frame);
    free(list);
}

static void say_to_all(struct server *server, struct client *client, struct text text)
{
    struct iovec parts[] = {part(client->name, strlen(client->name)), part(": ", 2), part(text.bytes, text.length)};
    struct shared *frame = frame_of(OP_TEXT, parts, 3);
    size_t count = send_to_all(server, NULL, frame);
    shared_release(frame);
    if (server->narrator->out == -1)
        return;
    char shown[SHOWN];
    narrate_say(server->narrator, "%s %s to %zu: %s", client->address, client->name, count,
                plain_text(text.bytes, text.length, shown, sizeof shown));
}

bool chat_message(struct server *server, struct client *client, const uint8_t *bytes, size_t length)
{
    struct text text = {.bytes = (const char *)bytes, .length = length};
    if (length == 0 || bytes[0] != '/') {
        say_to_all(server, client, text);
        return true;
    }
    struct text command = next_word(&text);
    if (is_word(command, "/leave"))
        return false;
    if (is_word(command, "/name"))
        change_name(server, client, text);
    else if (is_word(command, "/msg"))
        send_to_one(server, client, text);
    else if (is_word(command, "/who"))
        list_names(server, client);
    else if (command.length <= SHOWN)
        tell(server, client, "* unknown command %.*s; there are /name, /who, /msg and /leave", (int)command.length,
             command.bytes);
    else
        tell(server, client, "* unknown command; there are /name, /who, /msg and /leave");
    return true;
}
