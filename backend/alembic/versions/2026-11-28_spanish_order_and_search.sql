-- What these are for: app/infrastructure/database/texts.py.

CREATE OR REPLACE FUNCTION folded_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(translate(
    lower(normalize(value, NFKD)),
    E'ÆŒẞ\u00f8\u00d8\u0142\u0141\u0111\u0110\u0131\u00bf\u00a1\u00ab\u00bb\u201c\u201d\u2018\u2019',
    'æœßoollddi        '
), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss');

CREATE OR REPLACE FUNCTION spanish_sort_key(value text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(left(regexp_replace(
    replace(folded_text(left(value, 200)), E'n\u0303', 'n~'), E'[\u0300-\u036f]', '', 'g'
), 200) || chr(1) || left(folded_text(left(value, 200)), 200), '\', '\\')::bytea;

CREATE OR REPLACE FUNCTION search_words(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(
    regexp_replace(replace(folded_text(value), '+34', '+34 '), E'[\u0300-\u036f]', '', 'g'),
    E'[\u0001-/:-`{-\u007f]+', ' ', 'g'
));

CREATE OR REPLACE FUNCTION search_document(first text, second text, third text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector(
    'simple'::regconfig,
    search_words(coalesce(first, '') || ' ' || coalesce(second, '') || ' ' || coalesce(third, ''))
);

CREATE OR REPLACE FUNCTION search_query(value text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_tsquery(
    'simple'::regconfig, '''' || replace(nullif(search_words(value), ''), ' ', ''':* & ''') || ''':*'
);
