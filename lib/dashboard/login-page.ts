/** The login page: one small document, nothing from outside, right in light and dark, English and Russian. */

export type Language = 'en' | 'ru';
export type LoginFault = 'wrong' | 'locked' | 'expired';

const TEXTS: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    title: 'Log in',
    username: 'User name',
    password: 'Password',
    submit: 'Log in',
    wrong: 'User name or password is wrong.',
    locked: 'Too many attempts. Try again later.',
    expired: 'Your session has ended. Log in again.',
  },
  ru: {
    title: 'Вход',
    username: 'Имя пользователя',
    password: 'Пароль',
    submit: 'Войти',
    wrong: 'Неверное имя или пароль.',
    locked: 'Слишком много попыток. Попробуйте позже.',
    expired: 'Сеанс закончился. Войдите снова.',
  },
};

/** Russian when the browser prefers it to English, else English. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().split(';');
      const quality = parameters.find((one) => one.trim().startsWith('q='))?.split('=')[1];
      return { tag: tag.toLowerCase(), quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => /^(en|ru)\b/.test(tag) && quality > 0)
    .sort((one, other) => other.quality - one.quality);
  return wanted[0]?.tag.startsWith('ru') ? 'ru' : 'en';
}

/**
 * @param action where the form is sent, a path of this host
 * @param nonce allows the page's own style under its Content Security Policy
 */
export function loginPage(language: Language, action: string, nonce: string, fault?: LoginFault): string {
  const text = TEXTS[language];
  const alert = fault === undefined ? '' : `<p role="alert">${text[fault]}</p>`;
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text.title} · OpenEgiz</title>
<style nonce="${nonce}">
:root { color-scheme: light dark; --page: #f2f5f4; --card: #fff; --ink: #16211f; --line: #6b7d79; --act: #0b6e60; --on-act: #fff; --fault: #a8201a }
@media (prefers-color-scheme: dark) { :root { --page: #121817; --card: #1c2523; --ink: #e6edeb; --line: #8ba09b; --act: #7fd1c3; --on-act: #08201c; --fault: #ffb4ab } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
form { box-sizing: border-box; width: min(22rem, 100vw - 2rem); padding: 2rem; background: var(--card); border-radius: 12px }
h1 { margin: 0 0 1rem; font-size: 1.25rem }
label { display: block; margin: 1rem 0 .4rem }
input { box-sizing: border-box; width: 100%; padding: .6rem .75rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px }
button { width: 100%; margin-top: 1.5rem; padding: .7rem; font: inherit; font-weight: 600; color: var(--on-act); background: var(--act); border: 0; border-radius: 8px; cursor: pointer }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
[role=alert] { margin: 0; color: var(--fault) }
</style>
<form method="post" action="${escapeHtml(action)}">
<h1>OpenEgiz · ${text.title}</h1>
${alert}
<label for="username">${text.username}</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">${text.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>${text.submit}</button>
</form>
</html>
`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
