/** The short names people and apps use most; an unknown name stays text, as in Slack. */
const TABLE = `
smile 😄 smiley 😃 grinning 😀 grin 😁 joy 😂 laughing 😆 sweat_smile 😅 wink 😉 blush 😊 heart_eyes 😍 thinking_face 🤔
neutral_face 😐 confused 😕 worried 😟 cry 😢 sob 😭 rage 😡 angry 😠 scream 😱 sunglasses 😎 sleeping 😴 face_palm 🤦
slightly_smiling_face 🙂 upside_down_face 🙃 rolling_eyes 🙄 hugging_face 🤗 shushing_face 🤫 partying_face 🥳
wave 👋 +1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 ok_hand 👌 clap 👏 raised_hands 🙌 pray 🙏 muscle 💪 point_right 👉 point_left 👈
point_up ☝️ point_down 👇 raised_hand ✋ eyes 👀 handshake 🤝 shrug 🤷 bow 🙇
heart ❤️ broken_heart 💔 green_heart 💚 blue_heart 💙 yellow_heart 💛 purple_heart 💜 star ⭐ star2 🌟 sparkles ✨ fire 🔥
tada 🎉 confetti_ball 🎊 balloon 🎈 gift 🎁 trophy 🏆 medal 🏅 100 💯 rocket 🚀 boom 💥 zap ⚡ bulb 💡 bell 🔔 no_bell 🔕
white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎ heavy_multiplication_x ✖️
no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑 warning ⚠️ exclamation ❗ heavy_exclamation_mark ❗ question ❓ grey_question ❔
bangbang ‼️ interrobang ⁉️ information_source ℹ️ hourglass ⌛ hourglass_flowing_sand ⏳ stopwatch ⏱️ alarm_clock ⏰ clock1 🕐
clock3 🕒 clock9 🕘 calendar 📅 date 📅 spiral_calendar_pad 🗓️ recycle ♻️ arrows_counterclockwise 🔄 repeat 🔁 rewind ⏪
fast_forward ⏩ arrow_forward ▶️ double_vertical_bar ⏸️ pause_button ⏸️ black_square_for_stop ⏹️ red_circle 🔴 large_blue_circle 🔵
large_green_circle 🟢 large_yellow_circle 🟡 large_orange_circle 🟠 large_purple_circle 🟣 white_circle ⚪ black_circle ⚫
large_green_square 🟩 large_red_square 🟥 small_blue_diamond 🔹 arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️
moneybag 💰 money_with_wings 💸 credit_card 💳 yen 💴 dollar 💵 receipt 🧾 ticket 🎫 admission_tickets 🎟️ label 🏷️ shopping_trolley 🛒
package 📦 truck 🚚 house 🏠 office 🏢 convenience_store 🏪 bank 🏦 phone ☎️ telephone_receiver 📞 iphone 📱 computer 💻 email 📧
envelope ✉️ incoming_envelope 📨 inbox_tray 📥 outbox_tray 📤 memo 📝 pencil ✏️ pencil2 ✏️ clipboard 📋 pushpin 📌 paperclip 📎
link 🔗 lock 🔒 unlock 🔓 key 🔑 old_key 🗝️ shield 🛡️ mag 🔍 mag_right 🔎 page_facing_up 📄 scroll 📜 ledger 📒 notebook 📓
books 📚 bar_chart 📊 chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 file_folder 📁 open_file_folder 📂 wastebasket 🗑️
gear ⚙️ wrench 🔧 hammer 🔨 construction 🚧 rotating_light 🚨 triangular_flag_on_post 🚩 checkered_flag 🏁 robot_face 🤖 ghost 👻
bust_in_silhouette 👤 busts_in_silhouette 👥 speech_balloon 💬 thought_balloon 💭 loudspeaker 📢 mega 📣 sunny ☀️ cloud ☁️ umbrella ☔
snowflake ❄️ rainbow 🌈 coffee ☕ tea 🍵 pizza 🍕 cake 🍰 birthday 🎂 beers 🍻 cn 🇨🇳 us 🇺🇸 one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣
new 🆕 free 🆓 ok 🆗 sos 🆘 up 🆙 cool 🆒
`;

const KNOWN = new Map();
const words = TABLE.trim().split(/\s+/);
for (let at = 0; at < words.length; at += 2) KNOWN.set(words[at], words[at + 1]);

/**
 * @param {string} name without colons; a skin tone after `::` is left out
 * @returns {string|null} the character, or null when the name is not known
 */
export function emoji(name) {
  return KNOWN.get(name.split("::")[0]) ?? null;
}

/**
 * Short names in a text → characters; unknown names stay.
 *
 * @param {string} text
 * @returns {string}
 */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => emoji(name) ?? whole);
}
