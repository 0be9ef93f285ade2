"use client";
// JSON to read: colours by kind, long lists and deep parts folded.
import { type ReactNode, useState } from "react";
import { useLanguage } from "../i18n/locale-provider";
import { ScrollRegion } from "./scroll-region";

/** Entries shown before the rest is folded. */
const SHOWN = 100;

const Scalar = ({ value }: { value: unknown }) => {
  if (typeof value === "string")
    return <span className="break-words whitespace-pre-wrap text-ok">{JSON.stringify(value)}</span>;
  if (typeof value === "number") return <span className="text-accent tabular-nums">{String(value)}</span>;
  return <span className="text-warn">{String(value)}</span>;
};

const Rest = ({ count, onShow }: { count: number; onShow: () => void }) => {
  const { t } = useLanguage();
  return (
    <button type="button" onClick={onShow} className="rounded pl-5 text-accent hover:underline">
      {t("json.more", { count })}
    </button>
  );
};

type BranchProps = {
  name: ReactNode;
  open: string;
  close: string;
  entries: [string | null, unknown][];
  depth: number;
  comma: string;
};

const Branch = ({ name, open, close, entries, depth, comma }: BranchProps) => {
  const { t } = useLanguage();
  const [folded, setFolded] = useState(depth > 3);
  const [all, setAll] = useState(false);
  if (entries.length === 0)
    return (
      <div>
        {name}
        {open + close + comma}
      </div>
    );
  const shown = all ? entries : entries.slice(0, SHOWN);
  return (
    <div>
      <button
        type="button"
        aria-expanded={!folded}
        onClick={() => setFolded(!folded)}
        className="rounded text-left hover:bg-hover"
        title={folded ? t("json.unfold") : t("json.fold")}
      >
        {name}
        {open}
        {folded && <span className="text-ink-3">{` … ${entries.length} `}</span>}
        {folded && close + comma}
      </button>
      {!folded && (
        <div className="pl-5">
          {shown.map(([key, value], index) => (
            <Node
              key={key ?? index}
              name={key}
              value={value}
              depth={depth + 1}
              comma={index < entries.length - 1 ? "," : ""}
            />
          ))}
        </div>
      )}
      {!folded && shown.length < entries.length && (
        <Rest count={entries.length - shown.length} onShow={() => setAll(true)} />
      )}
      {!folded && <div>{close + comma}</div>}
    </div>
  );
};

const Node = ({ name, value, depth, comma }: { name: string | null; value: unknown; depth: number; comma: string }) => {
  const label = name === null ? null : <span className="text-ink-2">{`${JSON.stringify(name)}: `}</span>;
  if (Array.isArray(value))
    return (
      <Branch
        name={label}
        open="["
        close="]"
        entries={value.map((one: unknown) => [null, one])}
        depth={depth}
        comma={comma}
      />
    );
  if (typeof value === "object" && value !== null)
    return <Branch name={label} open="{" close="}" entries={Object.entries(value)} depth={depth} comma={comma} />;
  return (
    <div>
      {label}
      <Scalar value={value} />
      {comma}
    </div>
  );
};

export const JsonView = ({ value, label }: { value: unknown; label: string }) => (
  <ScrollRegion
    label={label}
    className="max-h-96 overflow-auto px-4 py-3 font-mono text-xs leading-5 -outline-offset-2"
  >
    <Node name={null} value={value} depth={0} comma="" />
  </ScrollRegion>
);
