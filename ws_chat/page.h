/* page.h: the page of the chat, ws_chat/page.html, which the Makefile makes an array of. */
#ifndef WS_CHAT_PAGE_H
#define WS_CHAT_PAGE_H

#include <stddef.h>

extern const unsigned char page_html[];
extern const size_t page_html_size;

#endif
