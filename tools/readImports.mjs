// What a TypeScript file imports and which globals it touches, read from its tokens: comments, texts and regular
// expressions that merely look like an import are passed over.

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const WORDS_BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'await',
  'yield',
]);

/** Splits `source` into tokens: { kind: 'word' | 'text' | 'template' | 'sign', text, line }. */
function readTokens(source) {
  const tokens = [];
  let line = 1;
  let at = 0;
  const push = (kind, text) => tokens.push({ kind, text, line });

  const skipTo = (end) => {
    for (; at < end; at++) if (source[at] === '\n') line++;
  };

  const startsRegex = () => {
    const last = tokens.at(-1);
    if (!last) return true;
    if (last.kind === 'word') return WORDS_BEFORE_REGEX.has(last.text);
    return last.kind === 'sign' && !')]}'.includes(last.text);
  };

  const readRegex = () => {
    let inClass = false;
    for (at++; at < source.length && source[at] !== '\n'; at++) {
      if (source[at] === '\\') at++;
      else if (source[at] === '[') inClass = true;
      else if (source[at] === ']') inClass = false;
      else if (source[at] === '/' && !inClass) break;
    }
    at++;
    push('regex', '');
  };

  const readText = (quote) => {
    const from = ++at;
    while (at < source.length && source[at] !== quote) at += source[at] === '\\' ? 2 : 1;
    push('text', source.slice(from, at));
    at++;
  };

  // The token of a template holds what stands before its first placeholder; the placeholders' own tokens follow it.
  const readTemplate = () => {
    const template = { kind: 'template', text: '', line };
    tokens.push(template);
    let whole = true;
    let from = ++at;
    while (at < source.length && source[at] !== '`') {
      if (source.startsWith('${', at)) {
        if (whole) template.text = source.slice(from, at);
        whole = false;
        at += 2;
        readUntil('}');
        from = at;
      } else skipTo(at + (source[at] === '\\' ? 2 : 1));
    }
    if (whole) template.text = source.slice(from, at);
    at++;
  };

  const readUntil = (closing) => {
    let depth = 0;
    while (at < source.length) {
      const sign = source[at];
      if (sign === closing && depth === 0) {
        at++;
        return;
      }
      WORD.lastIndex = at;
      NUMBER.lastIndex = at;
      const word = WORD.exec(source)?.[0];
      const number = NUMBER.exec(source)?.[0];
      if (source.startsWith('//', at)) skipTo((source.indexOf('\n', at) + 1 || source.length + 1) - 1);
      else if (source.startsWith('/*', at)) skipTo((source.indexOf('*/', at) + 1 || source.length - 1) + 1);
      else if (sign === "'" || sign === '"') readText(sign);
      else if (sign === '`') readTemplate();
      else if (sign === '/' && startsRegex()) readRegex();
      else if (word ?? number) {
        push(word ? 'word' : 'number', word ?? number);
        at += (word ?? number).length;
      } else if (/\s/.test(sign)) skipTo(at + 1);
      else {
        if (sign === '{') depth++;
        if (sign === '}') depth--;
        push('sign', sign);
        at++;
      }
    }
  };

  readUntil(null);
  return tokens;
}

const isText = (token) => token?.kind === 'text' || token?.kind === 'template';

/** The position of the text of an import or export clause that starts after `start`, or -1 where there is none. */
function clauseText(tokens, start) {
  for (let i = start; i < tokens.length; i++) {
    const { kind, text } = tokens[i];
    if (kind === 'word' && text === 'from' && isText(tokens[i + 1])) return i + 1;
    if (kind !== 'word' && !(kind === 'sign' && '{},*'.includes(text))) return -1;
  }
  return -1;
}

/**
 * Every import of a TypeScript source, in the order of the file: static imports, re-exports, `import()`,
 * `import.meta.resolve()`, `require()` and `new URL(…, import.meta.url)`. Of a template literal only what stands before its
 * first placeholder is known.
 */
export function readImports(source) {
  const tokens = readTokens(source);
  const word = (at, text) => tokens[at]?.kind === 'word' && tokens[at].text === text;
  const sign = (at, text) => tokens[at]?.kind === 'sign' && tokens[at].text === text;
  const imports = [];
  const add = (at, kind) => {
    if (isText(tokens[at])) imports.push({ specifier: tokens[at].text, kind, line: tokens[at].line });
  };
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i].kind !== 'word' || sign(i - 1, '.')) continue;
    const kind = word(i + 1, 'type') && !word(i + 2, 'from') ? 'type' : 'value';
    if (word(i, 'import') && sign(i + 1, '(')) add(i + 2, word(i - 1, 'typeof') ? 'type' : 'value');
    else if (word(i, 'import') && word(i + 4, 'resolve') && sign(i + 5, '(')) add(i + 6, 'value');
    else if (word(i, 'import') && isText(tokens[i + 1])) add(i + 1, 'value');
    else if (word(i, 'import') || word(i, 'export')) add(clauseText(tokens, i + 1), kind);
    else if (word(i, 'require') && sign(i + 1, '(')) add(i + 2, 'value');
    else if (word(i, 'URL') && word(i - 1, 'new') && sign(i + 1, '(') && /^\.{1,2}\//.test(tokens[i + 2]?.text)) {
      add(i + 2, 'url');
    }
  }
  return imports;
}

/** The uses of the globals named in `names`, as `name.` or `typeof name`, plain or through `globalThis`. */
export function readGlobals(source, names) {
  const tokens = readTokens(source);
  const text = (at) => (tokens[at]?.kind === 'word' || tokens[at]?.kind === 'sign' ? tokens[at].text : '');
  return tokens
    .map((token, at) => ({ name: token.text, line: token.line, kind: token.kind, at }))
    .filter(({ name, kind, at }) => {
      if (kind !== 'word' || !names.includes(name)) return false;
      if (text(at - 1) === '.') return text(at - 2) === 'globalThis';
      const next = text(at + 1) === '?' ? text(at + 2) : text(at + 1);
      return next === '.' || next === '[' || text(at - 1) === 'typeof';
    })
    .map(({ name, line }) => ({ name, line }));
}

/** Whether a source holds nothing but `export … from '…'`. */
export function holdsOnlyReExports(source) {
  const tokens = readTokens(source);
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i].text !== 'export') return false;
    i = clauseText(tokens, i + 1);
    if (i < 0) return false;
    if (tokens[i + 1]?.text === ';') i++;
  }
  return true;
}
