/* The dashboard: what the bridge says of itself at /api, drawn. Whatever comes from outside is put
 * on the page as text, never as markup. */
'use strict';

(() => {
  const HISTORY_MS = 600e3; /* of the charts, as the bridge keeps it */
  const RECENT_MAX = 200;
  const ROWS_MAX = 200;
  const SILENCE_MS = 6000; /* the bridge speaks once a second */
  const RETRY_MS = 2000;
  const HIDDEN_MS = 60e3;
  const TABLE_MS = 2000;

  const $ = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  /* Without the name and password that a browser may have been given in the page's address. */
  const address = (path) => new URL(path, location.origin).href;
  const say = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };

  /* ---- words and numbers ---- */

  const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat('en', {
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  });
  const day = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });

  const count = (n) => whole.format(n);
  const speed = (n) => (n === 0 ? '0' : n < 100 ? tenths.format(n) : whole.format(n));
  const many = (n, one, more) => `${count(n)} ${n === 1 ? one : more || one + 's'}`;

  const moment = (ms) => {
    const at = new Date(ms);
    const isToday = at.toDateString() === new Date().toDateString();
    return isToday ? clock.format(at) : `${day.format(at)} ${clock.format(at)}`;
  };
  const span = (ms) => {
    if (ms < 0) return '–';
    if (ms < 1) return '< 1 ms';
    if (ms < 1000) return `${count(ms)} ms`;
    if (ms < 60e3) return `${tenths.format(ms / 1000)} s`;
    const minutes = Math.floor(ms / 60e3);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return `${hours} h ${minutes % 60} min`;
    return `${Math.floor(hours / 24)} days`;
  };
  const size = (bytes) => {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let at = 0;
    while (bytes >= 1024 && at < units.length - 1) {
      bytes /= 1024;
      at++;
    }
    return `${at === 0 || bytes >= 100 ? whole.format(bytes) : tenths.format(bytes)} ${units[at]}`;
  };

  /* ---- what is known ---- */

  let state = null;
  let samples = []; /* [at, took, received, accepted, rejected, calls, waiting, rate, p50, p99] */
  let isStale = false; /* something is to be drawn */

  const perSecond = (sample, at) => (sample[1] > 0 ? (sample[at] * 1000) / sample[1] : 0);
  const latest = () => samples[samples.length - 1];

  /* The history and the stream overlap, and either may come first. */
  const addSamples = (more) => {
    const byTime = new Map([...samples, ...more].map((sample) => [sample[0], sample]));
    const times = [...byTime.keys()].sort((a, b) => a - b);
    const since = times[times.length - 1] - HISTORY_MS;
    samples = times.filter((at) => at > since).map((at) => byTime.get(at));
  };

  /* ---- charts ---- */

  /* The legends are ours: the library's would set styles that the page's policy forbids. */
  Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  class Chart {
    /* A scale never ends below least, so that nothing much does not look like much. */
    constructor(name, least, unit, series) {
      this.least = least;
      this.plot = $(`${name}-plot`);
      this.legend = $(`${name}-legend`);
      this.series = series;
      this.unit = unit;
      this.values = series.map(({ label, tone }) => {
        const entry = make('span', `key ${tone}`);
        const value = make('b', '', '–');
        entry.append(label + ' ', value);
        this.legend.append(entry);
        return value;
      });
      this.graph = null;
    }

    options() {
      return {
        colors: this.series.map(({ tone }) => color(`--${tone}`)),
        gridLineColor: color('--grid'),
        axisLineColor: color('--grid'),
      };
    }

    row(sample) {
      return [new Date(sample[0]), ...this.series.map(({ value }) => value(sample))];
    }

    create(rows) {
      this.graph = new Dygraph(this.plot, rows, {
        ...this.options(),
        labels: ['time', ...this.series.map(({ label }) => label)],
        series: Object.fromEntries(this.series.map(({ label, options }) => [label, options || {}])),
        strokeWidth: 1.5,
        fillAlpha: 0.1,
        highlightCircleSize: 3,
        drawGapEdgePoints: true,
        includeZero: true,
        gridLineWidth: 1,
        axisLabelFontSize: 11,
        rightGap: 2,
        interactionModel: {},
        axes: {
          x: { drawGrid: false, pixelsPerLabel: 80, axisTickSize: 7, axisLabelFormatter: (at) => clock.format(at) },
          y: { pixelsPerLabel: 28, axisLabelWidth: 46, axisLabelFormatter: (n) => this.mark(n) },
        },
        highlightCallback: (_event, _x, _points, row) => this.show(this.rows[row]),
        unhighlightCallback: () => this.show(this.rows[this.rows.length - 1]),
      });
    }

    draw() {
      this.rows = samples.map((sample) => this.row(sample));
      if (this.rows.length === 0) return;
      const last = samples[samples.length - 1][0];
      const length = Math.min(Math.max(last - samples[0][0], 60e3), HISTORY_MS);
      if (this.graph === null) this.create(this.rows);
      const top = Math.max(...this.rows.flatMap((row) => row.slice(1)));
      this.graph.updateOptions({
        file: this.rows,
        dateWindow: [last - length, last],
        valueRange: [0, Math.max(top, this.least) * 1.12],
      });
      if (this.graph.getSelection() < 0) this.show(this.rows[this.rows.length - 1]);
    }

    show(row) {
      row.slice(1).forEach((value, i) => {
        say(this.values[i], value === null ? '–' : this.unit(value));
      });
    }

    mark(n) {
      return n === 0 ? '0' : this.unit(n).replace(/\.0\b/, '');
    }

    repaint() {
      if (this.graph !== null) this.graph.updateOptions(this.options());
    }
  }

  const known = (value) => (value < 0 ? null : value);
  const charts = [
    new Chart('flow', 5, speed, [
      { label: 'accepted', tone: 'good', value: (s) => perSecond(s, 3), options: { fillGraph: true } },
      { label: 'rejected', tone: 'bad', value: (s) => perSecond(s, 4) },
    ]),
    new Chart('latency', 20, span, [
      { label: 'median', tone: 'calm', value: (s) => known(s[8]) },
      { label: '99 %', tone: 'warm', value: (s) => known(s[9]) },
    ]),
    new Chart('calls', 5, speed, [
      { label: 'calls', tone: 'calm', value: (s) => perSecond(s, 5), options: { fillGraph: true } },
      {
        label: 'allowed',
        tone: 'warm',
        value: (s) => (s[7] > 0 ? s[7] : null),
        options: { strokePattern: [4, 3] },
      },
    ]),
  ];

  /* ---- numbers ---- */

  const drawReasons = () => {
    const health = $('health');
    health.dataset.state = state.ready ? 'good' : 'bad';
    say($('health-text'), state.ready ? 'Taking commands' : 'Not ready');
    const list = $('reasons').firstElementChild;
    const texts = [...list.children].map((item) => item.textContent);
    if (texts.join('\n') !== state.reasons.join('\n'))
      list.replaceChildren(...state.reasons.map((reason) => make('li', '', reason)));
    $('reasons').hidden = state.reasons.length === 0;
    $('outdated').hidden = state.page === document.documentElement.dataset.version;
  };

  const drawFlow = () => {
    const { books, calls } = state;
    say($('received'), count(books.received));
    say($('waiting'), count(books.waiting));
    say($('in-flight'), count(books.inFlight));
    say($('accepted'), count(books.accepted));
    say($('rejected'), count(books.rejected));
    $('rejected').classList.toggle('none', books.rejected === 0);
    say($('open-calls'), many(calls.open, 'call'));
    const sample = latest();
    if (sample === undefined) return;
    say($('received-rate'), speed(perSecond(sample, 2)));
    say($('accepted-rate'), speed(perSecond(sample, 3)));
    say($('rejected-rate'), speed(perSecond(sample, 4)));
  };

  const part = (name, text, more, tone) => {
    const node = $(name);
    say(node, text);
    node.className = tone || '';
    say($(`${name}-more`), more);
  };

  const drawCalls = () => {
    const { speed: pace, calls, breaker } = state;
    const isSlowed = pace.configured > 0 && pace.rate < pace.configured * 0.999;
    if (pace.configured > 0)
      part('rate', `${speed(pace.rate)} of ${speed(pace.configured)} /s`,
        `${tenths.format(Math.max(pace.tokens, 0))} tokens left`, isSlowed ? 'warm' : '');
    else part('rate', 'no limit', 'jobs.rate_per_second is 0');
    part('breaker', breaker, breaker === 'closed' ? 'calls leave' : 'the endpoint does not answer',
      breaker === 'closed' ? 'good' : 'bad');
    part('throttled', count(calls.throttled),
      `of ${many(calls.made, 'call')}, ${many(calls.coalesced, 'command')} shared one`,
      isSlowed ? 'warm' : '');
  };

  const drawParts = () => {
    const { mqtt, upstream, journal, credentials } = state;
    part('broker', mqtt.connected ? 'connected' : 'not connected',
      mqtt.connected ? `${many(mqtt.onTheirWay, 'message')} on their way` : mqtt.problem,
      mqtt.connected ? 'good' : 'bad');
    $('upstream-part').hidden = !upstream;
    if (upstream)
      part('upstream', upstream.connected ? 'connected' : 'not connected',
        !upstream.connected ? upstream.problem : upstream.noticesWaiting > 0
          ? `${many(upstream.noticesWaiting, 'notice')} on the way here` : many(upstream.notices, 'notice'),
        upstream.connected ? 'good' : 'bad');
    const share = journal.bytesMax > 0 ? Math.round((journal.bytes * 100) / journal.bytesMax) : 0;
    part('journal', journal.works ? many(journal.unfinished, 'open entry', 'open entries') : 'not usable',
      journal.works ? `${size(journal.bytes)}, ${share} % of its room` : journal.problem,
      !journal.works ? 'bad' : share >= 90 ? 'warm' : '');
    const ends = credentials.expiresAt;
    part('credentials', credentials.present ? 'present' : 'none yet',
      credentials.problem || (ends > 0 ? `until ${moment(ends * 1000)}` : 'they do not end'),
      credentials.problem ? (credentials.present ? 'warm' : 'bad') : '');
    part('uptime', state.uptimeSeconds < 60 ? `${state.uptimeSeconds} s` : span(state.uptimeSeconds * 1000),
      `version ${state.version}, since ${moment(state.since * 1000)}`);
    const facts = state.facts;
    const { index, count: of } = facts.partition;
    const place = of > 1 ? ` · partition ${index} of ${of}` : '';
    say($('facts'), `${facts.endpoint} · ${facts.region} · ${facts.broker}${place}`);
    say($('dead-count'), state.deadLetters > 0 ? count(state.deadLetters) : '');
  };

  /* ---- the last commands ---- */

  let recent = []; /* the newest first */
  let held = []; /* while it is paused */
  let skipped = 0;
  let isPaused = false;
  const seen = new Set();

  const word = (code) => (code ? code.replace(/([a-z])([A-Z])/g, '$1 $2') : 'Accepted');

  const recentItem = (command) => {
    const item = make('li', command.code ? 'bad' : 'good');
    const first = make('p', 'first');
    first.append(
      make('time', '', clock.format(new Date(command.at))),
      make('span', 'outcome', command.dryRun && !command.code ? 'Planned' : word(command.code)),
      make('span', 'took', span(command.latencyMs)));
    const second = make('p', 'second');
    second.append(make('b', '', command.job || '(no job)'),
      make('span', '', command.thing ? ` from ${command.thing}` : ' from an operator'));
    if (command.namespace) second.append(make('span', 'muted', ` in ${command.namespace}`));
    const notes = [];
    if (command.coalesced > 1) notes.push(`shared a call with ${count(command.coalesced - 1)}`);
    if (command.attempts > 1) notes.push(many(command.attempts, 'attempt'));
    if (command.message) notes.push(command.message);
    item.append(first, second);
    if (notes.length > 0) item.append(make('p', 'third', notes.join(' · ')));
    return item;
  };

  const takeCommands = ({ run, skipped: more, commands }) => {
    skipped += more;
    for (const command of commands) {
      const id = `${run}.${command.number}`;
      if (seen.has(id)) continue;
      seen.add(id);
      (isPaused ? held : recent).unshift(command);
    }
    held.length = Math.min(held.length, RECENT_MAX);
    recent.length = Math.min(recent.length, RECENT_MAX);
    if (seen.size > 10 * RECENT_MAX)
      [...seen].slice(0, seen.size - 5 * RECENT_MAX).forEach((id) => seen.delete(id));
    isStale = true;
  };

  const drawnItems = new WeakMap();
  const drawRecent = () => {
    const list = $('recent');
    const items = recent.map((command) => {
      if (!drawnItems.has(command)) drawnItems.set(command, recentItem(command));
      return drawnItems.get(command);
    });
    for (const gone of [...list.children]) if (!items.includes(gone)) gone.remove();
    items.forEach((item, i) => {
      if (list.children[i] !== item) list.insertBefore(item, list.children[i] || null);
    });
    $('recent-empty').hidden = items.length > 0;
    const notes = [];
    if (isPaused) notes.push(`${count(held.length)}${held.length === RECENT_MAX ? ' or more' : ''} since the pause`);
    if (skipped > 0) notes.push(`${count(skipped)} more came too fast to be listed`);
    say($('recent-foot'), notes.join(' · '));
  };

  $('pause').addEventListener('click', () => {
    isPaused = !isPaused;
    $('pause').setAttribute('aria-pressed', String(isPaused));
    say($('pause'), isPaused ? 'Go on' : 'Pause');
    if (!isPaused) {
      recent = [...held, ...recent].slice(0, RECENT_MAX);
      held = [];
    }
    drawRecent();
  });

  /* ---- the tables ---- */

  const number = (value) => count(value);
  const rowCode = (row) => row.lastCode || '';
  const decided = [
    { key: 'accepted', label: 'Accepted', type: 'number', show: number },
    { key: 'rejected', label: 'Rejected', type: 'number', show: number, tone: (n) => (n > 0 ? 'bad' : '') },
    { key: 'p50', label: 'Median', type: 'number', show: span, isMinor: true },
    { key: 'p99', label: '99 %', type: 'number', show: span, isMinor: true },
    { key: 'max', label: 'Longest', type: 'number', show: span, isMinor: true },
    { key: 'lastCode', label: 'Last outcome', type: 'text', show: word, tone: (code) => (code ? 'bad' : 'good') },
    { key: 'lastAt', label: 'Last seen', type: 'number', show: moment },
  ];
  const tables = {
    jobs: {
      path: '/api/jobs',
      columns: [{ key: 'name', label: 'Job', type: 'text', show: String, isCode: true }, ...decided],
      sort: ['lastAt', -1],
      empty: 'No command for a job was decided since the bridge started.',
    },
    things: {
      path: '/api/things',
      columns: [{ key: 'name', label: 'Thing', type: 'text', show: String, isCode: true }, ...decided],
      sort: ['lastAt', -1],
      empty: 'No command of a thing was decided since the bridge started.',
    },
    dead: {
      path: '/api/dead',
      columns: [
        { key: 'id', label: 'Number', type: 'number', show: number },
        { key: 'topic', label: 'Topic', type: 'text', show: String, isCode: true },
        { key: 'reason', label: 'Reason', type: 'text', show: String },
        { key: 'outcome', label: 'Outcome', type: 'text', show: (o) => (o === 'accepted' ? 'Accepted' : word(o)), isMinor: true },
        { key: 'buriedAt', label: 'Since', type: 'number', show: (s) => moment(s * 1000) },
      ],
      sort: ['id', -1],
      empty: 'The broker took every answer and event. jobs-bridge dead shows, replays and drops those that it does not take.',
    },
  };
  for (const table of Object.values(tables)) {
    table.rows = null;
    table.total = 0;
    table.problem = '';
  }
  let shown = 'jobs';

  const drawHead = () => {
    const table = tables[shown];
    const row = make('tr');
    for (const column of table.columns) {
      const cell = make('th', `${column.type}${column.isMinor ? ' minor' : ''}`);
      const [key, direction] = table.sort;
      cell.scope = 'col';
      cell.setAttribute('aria-sort',
        key !== column.key ? 'none' : direction > 0 ? 'ascending' : 'descending');
      const button = make('button', '', column.label);
      button.type = 'button';
      button.addEventListener('click', () => sortBy(column));
      cell.append(button);
      row.append(cell);
    }
    $('table').tHead.replaceChildren(row);
  };

  const sortBy = (column) => {
    const table = tables[shown];
    const [key, direction] = table.sort;
    const first = column.type === 'number' ? -1 : 1;
    table.sort = [column.key, key === column.key ? -direction : first];
    [...$('table').tHead.rows[0].cells].forEach((cell, i) => {
      const isSorted = table.columns[i].key === column.key;
      cell.setAttribute('aria-sort',
        !isSorted ? 'none' : table.sort[1] > 0 ? 'ascending' : 'descending');
    });
    drawBody();
  };

  const compare = (a, b) => (typeof a === 'number' ? a - b : a < b ? -1 : a > b ? 1 : 0);

  const drawCell = (cell, column, value) => {
    const tone = column.tone ? column.tone(value) : '';
    say(cell, column.show(value));
    cell.className = [column.type, tone, column.isMinor && 'minor', column.isCode && 'code']
      .filter(Boolean).join(' ');
  };

  const drawBody = () => {
    const table = tables[shown];
    const body = $('table').tBodies[0];
    const wanted = $('search').value.trim().toLowerCase();
    const texts = table.columns.filter((column) => column.type === 'text');
    const [key, direction] = table.sort;
    const all = table.rows || [];
    const found = all.filter((row) => !wanted ||
      texts.some((column) => column.show(row[column.key]).toLowerCase().includes(wanted)));
    found.sort((a, b) => direction * compare(a[key], b[key]));
    const rows = found.slice(0, ROWS_MAX);
    while (body.rows.length > rows.length) body.deleteRow(-1);
    rows.forEach((row, i) => {
      const line = body.rows[i] || body.insertRow();
      while (line.cells.length > table.columns.length) line.deleteCell(-1);
      table.columns.forEach((column, j) => {
        drawCell(line.cells[j] || line.insertCell(), column, row[column.key]);
      });
    });
    $('table').hidden = rows.length === 0;
    $('table-empty').hidden = rows.length > 0 || (table.rows === null && !table.problem);
    say($('table-empty'), table.problem || (wanted ? `Nothing here has “${wanted}” in it.` : table.empty));
    const notes = [];
    if (rows.length > 0) notes.push(`${count(rows.length)} of ${count(Math.max(table.total, all.length))}`);
    if (table.forgotten > 0) notes.push(`${count(table.forgotten)} that were seen longest ago are forgotten`);
    say($('table-foot'), notes.join(' · '));
  };

  const plainRow = (row) => ({ ...row, lastCode: rowCode(row) });

  const loadTable = async () => {
    const name = shown;
    const table = tables[name];
    if (document.hidden) return;
    try {
      const answer = await fetch(address(table.path), { cache: 'no-store' });
      const content = await answer.json();
      if (!answer.ok) throw new Error(content.message || `status ${answer.status}`);
      table.rows = content.rows.map(plainRow);
      table.total = content.total;
      table.forgotten = content.forgotten || 0;
      table.problem = '';
    } catch (error) {
      if (table.rows === null) table.problem = `This cannot be read now: ${error.message}`;
    }
    if (name === shown) drawBody();
  };

  const tabs = [...document.querySelectorAll('[role=tab]')];
  const choose = (tab) => {
    shown = tab.id.replace('tab-', '');
    for (const other of tabs) {
      other.setAttribute('aria-selected', String(other === tab));
      other.tabIndex = other === tab ? 0 : -1;
    }
    $('table-panel').setAttribute('aria-labelledby', tab.id);
    drawHead();
    drawBody();
    loadTable();
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener('click', () => choose(tab));
    tab.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      next.focus();
      choose(next);
    });
  });
  $('search').addEventListener('input', drawBody);

  /* ---- drawing, at most once a frame and only where somebody looks ---- */

  const draw = () => {
    if (!isStale || state === null) return;
    isStale = false;
    drawReasons();
    drawFlow();
    drawCalls();
    drawParts();
    drawRecent();
    charts.forEach((chart) => chart.draw());
  };
  const drawSoon = () => {
    isStale = true;
    if (!document.hidden) requestAnimationFrame(draw);
  };
  document.addEventListener('visibilitychange', () => {
    drawSoon();
    loadTable();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    charts.forEach((chart) => chart.repaint());
  });
  $('reload').addEventListener('click', () => location.reload());

  /* ---- the connection ---- */

  let source = null;
  let heardAt = 0;

  const setLink = (name, text) => {
    $('link').dataset.state = name;
    say($('link-text'), text);
    document.body.classList.toggle('is-old', name !== 'live');
  };

  const takeState = (next) => {
    state = next;
    addSamples(next.history || (next.sample ? [next.sample] : []));
    drawSoon();
  };

  const heard = () => {
    heardAt = Date.now();
    setLink('live', 'Live');
  };

  const loadState = async () => {
    try {
      const answer = await fetch(address('/api/state'), { cache: 'no-store' });
      if (answer.ok) takeState(await answer.json());
    } catch (error) {
      /* The stream says the same a second later, or that the bridge is gone. */
    }
  };

  const connect = () => {
    if (source !== null) source.close();
    heardAt = Date.now();
    source = new EventSource(address('/api/events'));
    source.addEventListener('open', () => {
      heard();
      loadState();
      loadTable();
    });
    source.addEventListener('state', (event) => {
      heard();
      takeState(JSON.parse(event.data));
    });
    source.addEventListener('command', (event) => {
      heard();
      takeCommands(JSON.parse(event.data));
      drawSoon();
    });
    source.addEventListener('error', () => setLink('lost', 'Reconnecting'));
  };

  /* EventSource comes back by itself from a lost connection, but not from an answer that is no
   * stream, and it does not notice a peer that has just fallen silent. */
  const watchLink = () => {
    if (source === null) return;
    const isDead = source.readyState === EventSource.CLOSED;
    const isSilent = source.readyState === EventSource.OPEN && Date.now() - heardAt > SILENCE_MS;
    if (!isDead && !isSilent) return;
    setLink('lost', 'Reconnecting');
    connect();
  };

  /* A browser opens few connections to one address: pages that nobody looks at take none. */
  const rest = () => {
    if (source === null) return;
    source.close();
    source = null;
    setLink('lost', 'Resting');
  };
  const goOn = () => {
    clearTimeout(hiding);
    if (source === null) connect();
  };
  let hiding = 0;
  addEventListener('pagehide', rest);
  addEventListener('pageshow', goOn);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) hiding = setTimeout(rest, HIDDEN_MS);
    else goOn();
  });

  drawHead();
  drawBody();
  goOn();
  setInterval(watchLink, RETRY_MS);
  setInterval(() => {
    if ($('link').dataset.state === 'live') loadTable();
  }, TABLE_MS);
})();
