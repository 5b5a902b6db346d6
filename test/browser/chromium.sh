#!/bin/bash
# Starts $CHROMIUM as Playwright asks, without the suggestions below the address bar: each new window has a hidden renderer for every kind of
# them, which takes a third of the processor time of a new context. Chromium takes its last --disable-features alone, so that these join
# Playwright's own list.
exec "$CHROMIUM" "${@/#--disable-features=/--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,}"
