/** Puts the font of drawn maps (Noto Sans JP, OFL) beside the built viewer, so that no system font is ever needed. */

import { copyFileSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const from = new URL("../node_modules/@expo-google-fonts/noto-sans-jp/", import.meta.url);
const to = new URL("../dist/fonts/", import.meta.url);

mkdirSync(to, { recursive: true });
copyFileSync(fileURLToPath(new URL("500Medium/NotoSansJP_500Medium.ttf", from)), fileURLToPath(new URL("NotoSansJP-Medium.ttf", to)));
copyFileSync(fileURLToPath(new URL("LICENSE_FONT", from)), fileURLToPath(new URL("OFL.txt", to)));
