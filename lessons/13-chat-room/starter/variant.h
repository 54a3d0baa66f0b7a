/* Your variant of the task: the last word of the room's path, behind the last slash. If you have no seed it is "ws". */
#define ROOM "ws"
